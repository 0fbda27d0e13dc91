import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * A request's body for the upstream connection. It takes nothing from the client before somebody reads it, so a body
 * that was never sent can be sent to another instance; it passes back-pressure on, and destroying it leaves the
 * client's connection alone.
 */
export class RequestBody extends Readable {
  readonly #source: IncomingMessage;
  readonly #limitBytes: number;
  readonly #onStart: () => void;
  readonly #onTooLarge: () => void;
  /** Whether the client broke off before the end. */
  clientLeft = false;
  #started = false;
  #bytes = 0;

  /** @param onStart called once, before the first byte is asked of the client. */
  constructor(source: IncomingMessage, limitBytes: number, onStart: () => void, onTooLarge: () => void) {
    super({ highWaterMark: 64 * 1024 });
    this.#source = source;
    this.#limitBytes = limitBytes;
    this.#onStart = onStart;
    this.#onTooLarge = onTooLarge;
  }

  /** Whether bytes may have been taken from the client. */
  get started(): boolean {
    return this.#started;
  }

  override _read(): void {
    if (!this.#started) {
      this.#started = true;
      this.#onStart();
      this.#source.on('data', this.#onData);
      this.#source.on('end', this.#onEnd);
      this.#source.on('close', this.#onClose);
    }
    this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.off('data', this.#onData);
    this.#source.off('end', this.#onEnd);
    this.#source.off('close', this.#onClose);
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limitBytes) {
      this.#source.pause();
      this.#onTooLarge();
    } else if (!this.push(chunk)) {
      this.#source.pause();
    }
  };

  readonly #onEnd = (): void => {
    // A stream of HTTP/2 that was reset ends too: what came of it must not be taken for whole.
    if (this.#source.aborted) this.#leave();
    else this.push(null);
  };

  readonly #onClose = (): void => {
    if (!this.#source.complete || this.#source.aborted) this.#leave();
  };

  readonly #leave = (): void => {
    if (this.clientLeft) return;
    this.clientLeft = true;
    this.destroy(new Error('the client left'));
  };
}
