export type { Migration } from 'kysely/migration';
export { DatabaseModule } from './database.module.ts';
export { Database, type Transaction } from './database.ts';
export { addressOf, databaseUrl } from './database-url.ts';
export { isTransient, reasonOf, translate } from './errors.ts';
export { type ListenerOptions, PgListener } from './listener.ts';
export { type DatabaseOptions, openDatabase } from './open-database.ts';
export { createPool, type PoolOptions, reachable } from './pool.ts';
export { backOffMs, type Waited, type WaitOptions, waitFor } from './waiting.ts';
