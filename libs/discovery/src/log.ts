import type { ConnectionLog } from '@rookery/connections';

/** The part of a pino logger that discovery writes to. */
export type DiscoveryLog = ConnectionLog;
