import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Controller } from '../upstream/http1/request-in-flight.ts';

const HELD_BACK_BYTES = 64 * 1024;
const ONE_PIECE_BYTES = 8 * 1024;

/** What a {@link ResponseStream} tells the exchange. */
export interface StreamOwner {
  /** The last byte has been handed to the client's connection. */
  onSent(): void;
  /** A transform failed: the response cannot be brought to its end. */
  onBroken(error: Error): void;
}

/** The response of an instance on its way to the client: headers and a small body leave together, a large one streams. */
export class ResponseStream {
  bytes = 0;
  #held: string[] | undefined;
  #expectedBytes = -1;
  #first: Duplex | undefined;
  #isOver = false;

  static readonly #releaseOf = (stream: ResponseStream): void => stream.#release();

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
      process.nextTick(ResponseStream.#releaseOf, this);
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
    let last: Duplex | undefined;
    for (const transform of transforms) {
      transform.on('error', (error) => {
        for (const each of transforms) each.destroy();
        if (!this.#isOver) owner.onBroken(error);
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
      this.#isOver = true;
      for (const transform of transforms) transform.destroy();
    });
  }

  write(chunk: Buffer, controller: Controller | undefined): void {
    if (this.#first) {
      if (!this.#first.write(chunk)) holdUntilDrained(this.#first, controller);
      return;
    }
    const { response } = this;
    this.bytes += chunk.length;
    if (this.#held) {
      response.writeHead(this.status, this.#held);
      this.#held = undefined;
    }
    if (this.bytes === this.#expectedBytes) {
      // As text of one byte a character it goes out with the headers in one piece, which is the cheapest write.
      if (chunk.length <= ONE_PIECE_BYTES) response.end(chunk.toString('latin1'), 'latin1');
      else response.end(chunk);
    } else if (!response.write(chunk)) {
      holdUntilDrained(response, controller);
    }
  }

  end(): void {
    if (this.#first) {
      this.#first.end();
      return;
    }
    this.#release();
    this.#isOver = true;
    if (!this.response.writableEnded) this.response.end();
    this.owner.onSent();
  }

  #release(): void {
    if (!this.#held || this.#isOver || this.response.destroyed) return;
    this.response.writeHead(this.status, this.#held);
    this.#held = undefined;
    if (this.#expectedBytes !== 0) this.response.flushHeaders();
  }
}

function holdUntilDrained(stream: Duplex | ServerResponse, controller: Controller | undefined): void {
  if (!controller) return;
  controller.pause();
  stream.once('drain', () => controller.resume());
}
