import type { StoredResponse } from './stored-response.ts';

const MAX_VARIANTS = 16;

/** Responses by key and variant, bounded by bytes: what was not asked for longest goes first. */
export class ByteBoundedStore {
  readonly #maxBytes: number;
  /** The least recently used first. */
  readonly #held = new Map<string, readonly StoredResponse[]>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** All variants of a key, the newest first. */
  get(key: string): readonly StoredResponse[] {
    const variants = this.#held.get(key);
    if (!variants) return [];
    this.#held.delete(key);
    this.#held.set(key, variants);
    return variants;
  }

  /** Keeps a response in place of those that `replaces` names. */
  put(key: string, response: StoredResponse, replaces: (other: StoredResponse) => boolean): void {
    const others = (this.#held.get(key) ?? []).filter((other) => !replaces(other)).slice(0, MAX_VARIANTS - 1);
    this.delete(key);
    if (response.bytes > this.#maxBytes) return;
    const variants = [response, ...others];
    this.#held.set(key, variants);
    this.#bytes += sizeOf(key, variants);
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const variants = this.#held.get(key);
    if (!variants) return;
    this.#held.delete(key);
    this.#bytes -= sizeOf(key, variants);
  }

  close(): void {
    this.#held.clear();
    this.#bytes = 0;
  }
}

const sizeOf = (key: string, variants: readonly StoredResponse[]): number =>
  variants.reduce((sum, { bytes }) => sum + bytes, key.length * 2);
