import { errors } from '../../errors.ts';
import { pathLength, TARGET_REFUSALS } from '../../request/target.ts';
import type { Call, Verdict } from '../filter.ts';

/** Path of what goes upstream, as the filters before have left it. */
export function pathOf({ target }: Call): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/** Sends the call to another path with its query; one that servers could read differently is refused. */
export function goTo(call: Call, path: string): Verdict {
  const query = call.target.indexOf('?');
  const target = query < 0 ? path : path + call.target.slice(query);
  const length = target.startsWith('//') ? -1 : pathLength(target);
  if (length !== path.length) return errors.badTarget(TARGET_REFUSALS[length] ?? 'a filter made no path of it');
  call.target = target;
  return undefined;
}
