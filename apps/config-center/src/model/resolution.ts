import { type Format, layOver } from '@rookery/config';
import type { EnvironmentModel } from './environment-model.ts';

/** A namespace in a group of one environment. */
export interface Place {
  readonly group: string;
  readonly name: string;
}

/** What was written for a place itself, and by which version. */
export interface Own {
  readonly place: Place;
  readonly version: number;
  readonly settings: Record<string, unknown>;
  readonly format: Format;
  readonly content: string | null;
}

/** What a place holds with all that it inherits. */
export interface Composed extends Pick<Own, 'settings' | 'format' | 'content'> {
  /** Lowest first. */
  readonly madeOf: readonly Own[];
}

const LONGEST_CHAIN = 10;

/** A group and those that it falls back to, nearest first. */
export function chainOf({ groups }: EnvironmentModel, group: string): string[] {
  const chain = [group];
  for (let next = groups.get(group); next && !chain.includes(next); next = groups.get(next)) chain.push(next);
  return chain.slice(0, LONGEST_CHAIN);
}

/** Whether a group falls back to itself, or over more groups than are followed. */
export const isEndless = ({ groups }: EnvironmentModel, group: string): boolean => {
  const seen = new Set<string>();
  for (let next: string | null | undefined = group; next; next = groups.get(next)) {
    if (seen.has(next) || seen.size >= LONGEST_CHAIN) return true;
    seen.add(next);
  }
  return false;
};

/**
 * Where the settings of a place are looked for: the layers, lowest first, and in each the places of which the first that
 * was written to counts as a whole. The public namespace lies below the associated one; a group comes before its fall-back.
 */
export function layersOf(model: EnvironmentModel, { group, name }: Place): Place[][] {
  const declared = model.namespaces.get(name);
  const names = declared?.kind === 'associated' && declared.inherits ? [declared.inherits, name] : [name];
  const chain = chainOf(model, group);
  return names.map((each) => chain.map((one) => ({ group: one, name: each })));
}

/** The places whose settings may change with what is written at this one. */
export function dependentsOf(model: EnvironmentModel, { group, name }: Place): Place[] {
  const groups = [...new Set([group, ...model.groups.keys()])].filter((one) => chainOf(model, one).includes(group));
  const heirs = [...model.namespaces].filter(([, { inherits }]) => inherits === name).map(([heir]) => heir);
  return groups
    .flatMap((one) => [name, ...heirs].map((each) => ({ group: one, name: each })))
    .filter((place) => place.group !== group || place.name !== name);
}

/** Lays what was found in each layer over what lies below it; undefined where nothing was found. */
export function compose(found: readonly (Own | undefined)[]): Composed | undefined {
  const madeOf = found.filter((each) => each !== undefined);
  const top = madeOf.at(-1);
  if (!top) return undefined;
  const settings = madeOf.reduce((below, own) => layOver(below, own.settings), {});
  return { settings, format: top.format, content: madeOf.length === 1 ? top.content : null, madeOf };
}

export const placeText = ({ group, name }: Place): string => `${group}/${name}`;
