import { RookeryError } from '@rookery/observability';
import type { Ending } from '../rules/base.ts';

/** How a call ended that threw: a refusal of this very request (below 500) is no failure of the resource. */
export function endingOf(error: unknown): Ending {
  if (error instanceof Error && error.name === 'AbortError') return 'left';
  const status = statusOf(error);
  if (status === 499) return 'left';
  if (status === 504) return 'timedOut';
  return status < 500 ? 'succeeded' : 'failed';
}

/** Also of the exceptions of Nest. */
function statusOf(error: unknown): number {
  if (error instanceof RookeryError) return error.status;
  if (error instanceof Error && 'getStatus' in error && typeof error.getStatus === 'function') {
    return Number(error.getStatus());
  }
  return 500;
}
