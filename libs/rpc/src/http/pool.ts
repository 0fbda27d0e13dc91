import type { Instance } from '@rookery/discovery';
import { Pool } from 'undici';

/** Sockets to one instance at most. */
const MAX_SOCKETS = 64;

/** The HTTP connections to one instance. */
export function openPool({ address, port }: Instance): Pool {
  const host = address.includes(':') ? `[${address}]` : address;
  return new Pool(`http://${host}:${port}`, { connections: MAX_SOCKETS, connect: { timeout: 1_000 } });
}
