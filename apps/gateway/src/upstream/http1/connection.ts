import type { Socket } from 'node:net';
import type { FlatHeaders } from '../../request/flat-headers.ts';
import { BodyWriter } from './body-writer.ts';
import type { OpenSocket, SocketListener } from './open-socket.ts';
import type { RequestInFlight } from './request-in-flight.ts';
import { requestText } from './request-text.ts';
import type { ResponseHead } from './response-head.ts';
import { ResponseReader, type ResponseSink } from './response-reader.ts';

/** Whom a connection belongs to. */
export interface ConnectionOwner {
  readonly host: string;
  /** Counts up a few times a second. */
  readonly tick: number;
  readonly tickMs: number;
  /** Its request has ended well: it may have another one. */
  onFree(connection: Connection): void;
  /** It is taken for another request, and asks when to send it. */
  onTaken(connection: Connection): void;
  /** It is no more. A request that never went out on it may go out on another one. */
  onGone(connection: Connection, unsent: RequestInFlight | undefined): void;
}

const KEEP_ALIVE_MS = 4_000;
const MOST_KEEP_ALIVE_MS = 60_000;
/** Given up so long before the instance does. */
const KEEP_ALIVE_MARGIN_MS = 2_000;

/** One HTTP/1.1 connection to an instance, with one request at a time. */
export class Connection implements SocketListener, ResponseSink {
  /** On the clock of `performance.now()`: from then on the instance may close it. */
  freeUntilMs = 0;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #reader = new ResponseReader(this);
  #request: RequestInFlight | undefined;
  #isConnected = false;
  #isSent = false;
  #isGone = false;
  #writer: BodyWriter | undefined;
  #keepAliveMs = 0;
  #isPaused = false;
  /** Since when the instance is silent in the midst of a body; -1 where it may be. */
  #silentSince = -1;

  constructor(owner: ConnectionOwner, open: OpenSocket, first: RequestInFlight) {
    this.#owner = owner;
    this.#request = first;
    first.connection = this;
    this.#socket = open(this);
  }

  get isUsable(): boolean {
    return !this.#isGone && this.#socket.writable;
  }

  /** Has it for the next request, which goes out when the owner says so. */
  take(request: RequestInFlight): void {
    this.#request = request;
    request.connection = this;
    this.#isSent = false;
    this.#owner.onTaken(this);
  }

  /** Sends the request that it was taken for. */
  send(): void {
    const request = this.#request;
    if (!request || this.#isSent || this.#isGone) return;
    if (!this.isUsable) {
      this.#end(undefined);
      return;
    }
    const { asked, handler } = request;
    handler.onRequestStart(request);
    if (this.#request !== request) return;
    const { body, method, lengthBytes } = asked;
    // An instance that answers a HEAD with a body would have it taken for the next response.
    const isLast = method === 'HEAD';
    let text: string;
    try {
      text = requestText(asked, this.#owner.host, isLast);
    } catch (error) {
      this.abort(error as Error);
      return;
    }
    this.#isSent = true;
    this.#keepAliveMs = isLast ? 0 : KEEP_ALIVE_MS;
    if (!body) {
      this.#begin(method, text);
    } else if (Buffer.isBuffer(body)) {
      this.#socket.cork();
      this.#begin(method, text);
      this.#socket.write(body);
      this.#socket.uncork();
    } else {
      const begin = () => this.#begin(method, text);
      this.#writer = new BodyWriter(this.#socket, body, lengthBytes, begin, (error) => {
        this.#writer = undefined;
        if (error) this.#end(error);
      });
    }
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#silentSince >= 0) this.#silentSince = this.#owner.tick;
    this.#socket.resume();
  }

  /** Its request is given up: what has gone out cannot be taken back, so that the connection ends with it. */
  abort(reason: Error): void {
    if (this.#isSent || !this.#isConnected) {
      this.#end(reason);
      return;
    }
    const request = this.#request;
    this.#request = undefined;
    this.#free();
    request?.fail(reason);
  }

  /** Ends it; a request under way fails. */
  destroy(reason?: Error): void {
    this.#end(reason);
  }

  /** Ends what is silent for too long. */
  watch(): void {
    if (this.#silentSince < 0 || this.#isPaused || !this.#request) return;
    const silentMs = (this.#owner.tick - this.#silentSince) * this.#owner.tickMs;
    const { idleTimeoutMs } = this.#request.asked;
    if (silentMs > idleTimeoutMs) this.#end(new Error(`nothing of the body came for ${idleTimeoutMs} ms`));
  }

  onConnect(): void {
    this.#isConnected = true;
    this.send();
  }

  onBytes(bytes: Buffer): void {
    if (this.#isGone) return;
    try {
      this.#reader.read(bytes);
    } catch (error) {
      this.#end(error as Error);
    }
  }

  onClose(error: Error | undefined): void {
    if (this.#isGone) return;
    if (!error && this.#isSent) {
      try {
        this.#reader.end();
        return;
      } catch (fault) {
        error = fault as Error;
      }
    }
    this.#end(error ?? new Error('the connection was closed'));
  }

  onHead({ status, headers, keepsAlive, keepAliveMs }: ResponseHead): void {
    const request = this.#request;
    if (!request) return;
    if (!keepsAlive) this.#keepAliveMs = 0;
    else if (keepAliveMs !== undefined && this.#keepAliveMs > 0)
      this.#keepAliveMs = Math.min(keepAliveMs - KEEP_ALIVE_MARGIN_MS, MOST_KEEP_ALIVE_MS);
    this.#silentSince = this.#owner.tick;
    request.handler.onResponseHead(request, status, headers);
  }

  onBody(bytes: Buffer): void {
    const request = this.#request;
    if (!request) return;
    this.#silentSince = this.#owner.tick;
    request.handler.onResponseData(request, bytes);
  }

  onWhole(trailers: FlatHeaders, isClean: boolean): void {
    const request = this.#request;
    if (!request) return;
    this.#request = request.connection = undefined;
    this.#silentSince = -1;
    if (isClean && this.#keepAliveMs > 0 && !this.#writer) this.#free();
    else this.#end(undefined);
    request.handler.onResponseEnd(request, trailersOf(trailers));
  }

  #begin(method: string, text: string): void {
    this.#reader.begin(method);
    this.#socket.write(text, 'latin1');
  }

  #free(): void {
    if (this.#isPaused) this.resume();
    this.freeUntilMs = performance.now() + this.#keepAliveMs;
    this.#owner.onFree(this);
  }

  #end(reason: Error | undefined): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const request = this.#request;
    const isUnsent = this.#isConnected && !this.#isSent;
    this.#request = undefined;
    this.#writer?.cancel();
    this.#socket.destroy();
    this.#owner.onGone(this, isUnsent ? request : undefined);
    if (request && !isUnsent) request.fail(reason ?? new Error('the connection was cut'));
  }
}

const NONE: Record<string, string> = {};

function trailersOf(flat: FlatHeaders): Record<string, string> {
  if (flat.length === 0) return NONE;
  const trailers: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) trailers[flat[at] as string] = flat[at + 1] as string;
  return trailers;
}
