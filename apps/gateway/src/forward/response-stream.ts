import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Controller } from '../upstream/http1/request-in-flight.ts';

const HELD_BACK_BYTES = 64 * 1024;
const ONE_PIECE_BYTES = 8 * 1024;

/** What a {@link ResponseStream} tells the exchange. */
export interface StreamOwner {
  /** The last byte has been handed to the client's connection. */
  onSent(): void;
  /** A transform failed, or the head cannot be written: the response cannot be brought to its end. */
  onBroken(error: Error): void;
}

/** The response of an instance on its way to the client: headers and a small body leave together, a large one streams. */
export class ResponseStream {
  bytes = 0;
  #held: string[] | undefined;
  #expectedBytes = -1;
  /** A small body, one byte a character. */
  #text: string | undefined;
  /** The instance has sent all of it. */
  #isWhole = false;
  #first: Duplex | undefined;

  static readonly #leaving: ResponseStream[] = [];
  /**
   * What is held back leaves once this turn of the loop has read all that came: clients are woken by many responses one
   * after another in place of one at a time.
   */
  static readonly #leave = (): void => {
    for (const stream of ResponseStream.#leaving.splice(0)) stream.#release();
  };

  constructor(
    private readonly response: ServerResponse,
    private readonly owner: StreamOwner,
    private readonly status: number,
  ) {}

  /** Begins with the headers; `lengthBytes` is -1 where it is not known. */
  begin(headers: string[], lengthBytes: number, bodiless: boolean): void {
    this.#expectedBytes = lengthBytes;
    if (!bodiless && lengthBytes >= 0 && lengthBytes <= HELD_BACK_BYTES) {
      // A small body mostly arrives with its headers: they leave together, in one write.
      this.#held = headers;
      if (ResponseStream.#leaving.push(this) === 1) setImmediate(ResponseStream.#leave);
      return;
    }
    this.response.writeHead(this.status, headers);
    if (!bodiless) this.response.flushHeaders();
  }

  /** Begins with the headers, and sends what is written through `transforms`. */
  beginThrough(headers: string[], transforms: readonly Duplex[]): void {
    const { response, owner } = this;
    response.writeHead(this.status, headers);
    this.#first = transforms[0];
    let isOver = false;
    let last: Duplex | undefined;
    for (const transform of transforms) {
      transform.on('error', (error) => {
        for (const each of transforms) each.destroy();
        if (!isOver) owner.onBroken(error);
      });
      last?.pipe(transform);
      last = transform;
    }
    last?.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      if (!response.write(chunk)) {
        last?.pause();
        response.once('drain', () => last?.resume());
      }
    });
    last?.once('end', () => {
      response.end();
      owner.onSent();
    });
    response.once('close', () => {
      isOver = true;
      for (const transform of transforms) transform.destroy();
    });
  }

  /** Takes more of the body; the bytes need to be good for this call only. */
  write(chunk: Buffer, controller: Controller | undefined): void {
    if (this.#first) {
      if (!this.#first.write(Buffer.from(chunk))) holdUntilDrained(this.#first, controller);
      return;
    }
    this.bytes += chunk.length;
    if (this.#held && chunk.length === this.#expectedBytes && chunk.length <= ONE_PIECE_BYTES) {
      // As text of one byte a character it goes out with the headers in one piece, which is the cheapest write.
      this.#text = chunk.toString('latin1');
      return;
    }
    const { response } = this;
    this.#writeHead();
    const bytes = Buffer.from(chunk);
    if (this.bytes === this.#expectedBytes) response.end(bytes);
    else if (!response.write(bytes)) holdUntilDrained(response, controller);
  }

  end(): void {
    if (this.#first) {
      this.#first.end();
      return;
    }
    this.#isWhole = true;
    if (!this.#held) this.#finish();
  }

  #release(): void {
    const { response, owner } = this;
    if (!this.#held || response.destroyed) return;
    try {
      this.#writeHead();
    } catch (error) {
      owner.onBroken(error as Error);
      return;
    }
    if (this.#text !== undefined) response.end(this.#text, 'latin1');
    if (this.#isWhole) this.#finish();
    else if (this.#text === undefined) response.flushHeaders();
  }

  #finish(): void {
    if (!this.response.writableEnded) this.response.end();
    this.owner.onSent();
  }

  #writeHead(): void {
    if (!this.#held) return;
    this.response.writeHead(this.status, this.#held);
    this.#held = undefined;
  }
}

function holdUntilDrained(stream: Duplex | ServerResponse, controller: Controller | undefined): void {
  if (!controller) return;
  controller.pause();
  stream.once('drain', () => controller.resume());
}
