import { Transform, type TransformCallback } from 'node:stream';

/** Passes a body on and keeps a copy; of one that is longer than `maxBytes` nothing is kept. */
export class BodyCopy extends Transform {
  readonly #maxBytes: number;
  readonly #whole: (body: Buffer) => void;
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** @param whole called when the last byte has come, for a body that is not too long. */
  constructor(maxBytes: number, whole: (body: Buffer) => void) {
    super();
    this.#maxBytes = maxBytes;
    this.#whole = whole;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#maxBytes) this.#chunks.push(chunk);
    else this.#chunks = [];
    callback(null, chunk);
  }

  override _flush(callback: TransformCallback): void {
    if (this.#bytes <= this.#maxBytes) this.#whole(Buffer.concat(this.#chunks));
    callback();
  }
}
