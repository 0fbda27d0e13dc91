import type { Engine } from '../model.ts';
import { stack } from '../stack.ts';

/** Engines without which `npm run stack` cannot run, because their program is not installed. */
export function missingPrograms(): Engine[] {
  return stack.engines.filter(({ native }) => native && !native.optional && !native.program());
}
