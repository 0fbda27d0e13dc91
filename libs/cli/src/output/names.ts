import type { InstanceState } from '../home/state-file.ts';

/** `catalog`, or `catalog 2` where an app has several instances. */
export function label(
  { name, index }: Pick<InstanceState, 'name' | 'index'>,
  all: readonly Pick<InstanceState, 'name' | 'index'>[],
): string {
  return all.some((other) => other.name === name && other.index > 1) ? `${name} ${index}` : name;
}

/** Where a person would look first. */
export function address({ urls }: Pick<InstanceState, 'urls'>): string {
  return urls.http ?? urls.grpc ?? Object.values(urls).find(Boolean) ?? '';
}

/** What it does at the moment, and why it is not further. */
export function situation({ state, waiting }: Pick<InstanceState, 'state' | 'waiting'>): string {
  if (waiting && state !== 'ready') return `waits for ${waiting.for}: ${waiting.reason}`;
  return state;
}
