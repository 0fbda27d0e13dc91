import type { Socket } from 'node:net';
import { Readable } from 'node:stream';

/**
 * Writes one request with a body to its connection, as fast as that takes it. The head leaves with the first bytes of the
 * body: of a request whose body is refused on its way here the instance sees nothing.
 */
export class BodyWriter {
  readonly #socket: Socket;
  readonly #body: Readable;
  readonly #lengthBytes: number | undefined;
  readonly #writeHead: () => void;
  readonly #onEnd: (error?: Error) => void;
  #hasBegun = false;
  #bytes = 0;
  #isOver = false;

  /** @param lengthBytes how much it is; it goes in chunks where that is not known. */
  constructor(
    socket: Socket,
    body: AsyncIterable<Buffer>,
    lengthBytes: number | undefined,
    writeHead: () => void,
    onEnd: (error?: Error) => void,
  ) {
    this.#socket = socket;
    this.#body = body instanceof Readable ? body : Readable.from(body, { objectMode: false });
    this.#lengthBytes = lengthBytes;
    this.#writeHead = writeHead;
    this.#onEnd = onEnd;
    this.#body.on('data', this.#write).once('end', this.#finish).on('error', this.#failed).once('close', this.#closed);
    socket.on('drain', this.#resume);
  }

  /** Nobody wants the rest. */
  cancel(): void {
    this.#over();
    this.#body.destroy();
  }

  readonly #resume = (): void => {
    this.#body.resume();
  };

  readonly #write = (chunk: Buffer): void => {
    if (chunk.length === 0 || this.#isOver) return;
    const socket = this.#socket;
    this.#bytes += chunk.length;
    if (this.#lengthBytes !== undefined && this.#bytes > this.#lengthBytes) {
      this.#failed(new Error('the body is longer than it said'));
      return;
    }
    socket.cork();
    this.#begin();
    if (this.#lengthBytes === undefined) socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
    let hasRoom = socket.write(chunk);
    if (this.#lengthBytes === undefined) hasRoom = socket.write('\r\n', 'latin1');
    socket.uncork();
    if (!hasRoom) this.#body.pause();
  };

  readonly #finish = (): void => {
    if (this.#isOver) return;
    if (this.#lengthBytes !== undefined && this.#bytes !== this.#lengthBytes) {
      this.#failed(new Error('the body is shorter than it said'));
      return;
    }
    this.#begin();
    if (this.#lengthBytes === undefined) this.#socket.write('0\r\n\r\n', 'latin1');
    this.#over();
    this.#onEnd();
  };

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#writeHead();
  }

  readonly #closed = (): void => this.#failed(new Error('the body broke off'));

  readonly #failed = (error: Error): void => {
    if (this.#isOver) return;
    this.#over();
    this.#onEnd(error);
  };

  /** Errors that come later are nobody's any more, and still need a listener. */
  #over(): void {
    this.#isOver = true;
    this.#socket.off('drain', this.#resume);
    this.#body.off('data', this.#write).off('end', this.#finish).off('close', this.#closed);
  }
}
