import type { InstanceLoad } from './instance-load.ts';

/** No key came with the call. */
export const NO_HASH = -1;

/** What one choice is made by. An upstream uses one over and over, so that choosing leaves no garbage. */
export interface Ask {
  /** Monotonic, in ms. */
  nowMs: number;
  /** Numbers in [0, 1). */
  random: () => number;
  /** Ids that are not to be taken. */
  exclude: ReadonlySet<string> | undefined;
  /** Hash of what the caller sticks to, 32 bits; {@link NO_HASH} when there is nothing. */
  hash: number;
  /** One more with each choice. */
  turn: number;
  /** Nobody else is left: take also what is ejected or down. */
  anyone: boolean;
}

/** Whether an instance may be the answer. */
export const mayTake = (load: InstanceLoad, { exclude, anyone, nowMs }: Ask): boolean =>
  (anyone || load.isOpen(nowMs)) && !exclude?.has(load.instance.id);
