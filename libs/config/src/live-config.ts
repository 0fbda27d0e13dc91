/** Hears of a new value; called after it is in force. */
export type ChangeListener<T> = (next: T, previous: T) => void;

/** What stands behind a {@link LiveConfig}: the value in force, and who put it there. */
export interface LiveState<T> {
  readonly value: T;
  readonly version: number;
  readonly listeners: Set<ChangeListener<T>>;
  close(): Promise<void>;
}

/**
 * Settings that are typed, frozen and hot: `value` is always a whole, valid value, and is replaced in one step when a
 * release is applied. Read it where you use it; do not keep parts of it.
 */
export class LiveConfig<T> {
  readonly #state: LiveState<T>;

  constructor(state: LiveState<T>) {
    this.#state = state;
  }

  /** The value in force, deeply frozen. */
  get value(): T {
    return this.#state.value;
  }

  /** Version of the release in force, as the source that pushes (the configuration centre) counts it; 0 before the first. */
  get version(): number {
    return this.#state.version;
  }

  /** Calls `listener` after each change of the value; returns how to stop that. */
  onChange(listener: ChangeListener<T>): () => void {
    this.#state.listeners.add(listener);
    return () => void this.#state.listeners.delete(listener);
  }

  /** Stops following; the value stays as it is. */
  close(): Promise<void> {
    return this.#state.close();
  }
}
