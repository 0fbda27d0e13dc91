import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Twice: what the first one finds is swept beside it, and counted as gone by the second at the latest. */
export function collectGarbage(): void {
  gc();
  gc();
}
