import type { SettingsTree } from '@rookery/config';
import { errors } from '../errors.ts';
import type { Edits } from './draft.ts';

type Step = string | number;
type Holder = Record<Step, unknown>;

/** `limits.hosts[0]` as its steps. A key that has a dot or a bracket in it cannot be named so: it is edited as a whole tree. */
function stepsOf(path: string): Step[] {
  if (!/^[^.[\]]+(?:\.[^.[\]]+|\[\d{1,4}\])*$/.test(path)) throw errors.pathInvalid(path);
  const steps = [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, key]) =>
    index === undefined ? (key ?? '') : Number(index),
  );
  if (steps.includes('__proto__')) throw errors.pathInvalid(path);
  return steps;
}

/** The tree with all the edits; removals come first, and what they leave empty goes with them. */
export function editTree(tree: SettingsTree, { set, remove }: Edits): Record<string, unknown> {
  const edited = structuredClone(tree) as Record<string, unknown>;
  // The last place of a list first, so that the others keep their numbers.
  for (const path of remove.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true })))
    removeAt(edited, stepsOf(path));
  for (const [path, value] of Object.entries(set)) setAt(edited, stepsOf(path), value, path);
  return edited;
}

function removeAt(holder: Holder, [step, ...rest]: readonly Step[]): void {
  if (step === undefined || !Object.hasOwn(holder, step)) return;
  const inner = holder[step];
  if (rest.length > 0) {
    if (typeof inner !== 'object' || inner === null) return;
    removeAt(inner as Holder, rest);
    if (Object.keys(inner).length > 0) return;
  }
  if (Array.isArray(holder)) holder.splice(Number(step), 1);
  else delete holder[step];
}

function setAt(holder: Holder, [step, ...rest]: readonly Step[], value: unknown, path: string): void {
  if (step === undefined) return;
  if (Array.isArray(holder) && (typeof step !== 'number' || step > holder.length)) throw errors.pathInvalid(path);
  const [next] = rest;
  if (next === undefined) {
    holder[step] = value;
    return;
  }
  const inner = Object.hasOwn(holder, step) ? holder[step] : undefined;
  const isHolder = typeof inner === 'object' && inner !== null;
  if (isHolder && Array.isArray(inner) !== (typeof next === 'number')) throw errors.pathInvalid(path);
  if (!isHolder) holder[step] = typeof next === 'number' ? [] : {};
  setAt(holder[step] as Holder, rest, value, path);
}
