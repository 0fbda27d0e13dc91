import { Transform, type TransformCallback } from 'node:stream';

/** Reads a JSON body whole, within a bound, and sends what becomes of it. */
export class JsonTransform extends Transform {
  readonly #maxBytes: number;
  readonly #change: (body: unknown) => string;
  readonly #failed: (reason: string) => Error;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number, change: (body: unknown) => string, failed: (reason: string) => Error) {
    super();
    this.#maxBytes = maxBytes;
    this.#change = change;
    this.#failed = failed;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) {
      callback(this.#failed(`the body is longer than ${this.#maxBytes} bytes`));
      return;
    }
    this.#chunks.push(chunk);
    callback();
  }

  override _flush(callback: TransformCallback): void {
    try {
      this.push(this.#change(JSON.parse(Buffer.concat(this.#chunks).toString('utf8'))));
      callback();
    } catch (error) {
      callback(this.#failed(error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)));
    }
  }
}
