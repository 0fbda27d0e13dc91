import { availableParallelism } from 'node:os';
import { RookeryError } from '@rookery/observability';

const MOST = 128;

/** Reads GATEWAY_WORKERS: how many processes serve one port; `auto` for one on each core. */
export function workerCount({ GATEWAY_WORKERS }: NodeJS.ProcessEnv): number {
  if (!GATEWAY_WORKERS) return 1;
  if (GATEWAY_WORKERS === 'auto') return availableParallelism();
  const count = Number(GATEWAY_WORKERS);
  if (/^\d+$/.test(GATEWAY_WORKERS) && count >= 1 && count <= MOST) return count;
  throw new RookeryError('GATEWAY_WORKERS', `GATEWAY_WORKERS must be a number from 1 to ${MOST}, or auto.`);
}
