import { Transform, type TransformCallback } from 'node:stream';

/** Passes a body on and keeps it; one that is longer than `maxBytes` is passed on only. */
export class Recorder extends Transform {
  readonly #maxBytes: number;
  readonly #done: (body: Buffer | undefined) => void;
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** @param done called once, when the last byte has come or the body is too long; never for one that breaks off. */
  constructor(maxBytes: number, done: (body: Buffer | undefined) => void) {
    super();
    this.#maxBytes = maxBytes;
    this.#done = done;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    const fitted = this.#bytes <= this.#maxBytes;
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#maxBytes) {
      this.#chunks.push(chunk);
    } else if (fitted) {
      this.#chunks = [];
      this.#done(undefined);
    }
    callback(null, chunk);
  }

  override _flush(callback: TransformCallback): void {
    if (this.#bytes <= this.#maxBytes) this.#done(Buffer.concat(this.#chunks));
    callback();
  }
}
