/** Starts a Postgres and waits to be killed. */
import { chmodSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOwnPostgres } from '../postgres.ts';

const home = mkdtempSync(join(tmpdir(), 'rookery-killed-'));
chmodSync(home, 0o777);
process.env.TMPDIR = home;
const postgres = await startOwnPostgres();
process.send?.({ url: postgres?.url, home: readdirSync(home).map((name) => join(home, name))[0] });
setInterval(() => {}, 60_000);
