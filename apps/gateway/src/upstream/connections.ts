import { hostInUrl } from '../host-in-url.ts';
import { Connection, type ConnectionOwner } from './http1/connection.ts';
import { type OpenSocket, type Origin, openerFor } from './http1/open-socket.ts';
import { RequestInFlight, type UpstreamHandler } from './http1/request-in-flight.ts';
import type { UpstreamRequest } from './http1/request-text.ts';

const TICK_MS = 250;

const hostOf = ({ address, port, tls }: Origin): string => {
  const host = hostInUrl(address);
  return port === (tls ? 443 : 80) ? host : `${host}:${port}`;
};

/**
 * HTTP/1.1 connections to one origin, each with one request at a time; the one that was used last is taken first, so that
 * no more of them stay open than are needed. It stands in the place of undici's clients, whose timers, parser and turns of
 * the loop are a quarter of what a small request costs here (docs/figures.md).
 */
export class Connections implements ConnectionOwner {
  readonly host: string;
  readonly tickMs = TICK_MS;
  tick = 0;
  readonly #open: OpenSocket;
  readonly #most: number;
  readonly #all = new Set<Connection>();
  readonly #free: Connection[] = [];
  readonly #waiting: RequestInFlight[] = [];
  readonly #due: Connection[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed: PromiseWithResolvers<void> | undefined;
  #isCut = false;

  constructor(origin: Origin, most: number) {
    this.host = hostOf(origin);
    this.#open = openerFor(origin);
    this.#most = most;
  }

  /** Sends a request once there is a connection for it. */
  ask(asked: UpstreamRequest, handler: UpstreamHandler): void {
    const request = new RequestInFlight(asked, handler);
    if (this.#closed) request.fail(new Error('the connections are closed'));
    else this.#give(request);
  }

  onFree(connection: Connection): void {
    const next = this.#waiting.shift();
    if (next) connection.take(next);
    else if (this.#closed) connection.destroy();
    else this.#free.push(connection);
  }

  /**
   * Nothing is sent before this turn of the loop has read all that came: bytes that nobody asked for are seen on the
   * connection that they came on, and not taken for the answer to what is sent there next.
   */
  onTaken(connection: Connection): void {
    if (this.#due.push(connection) === 1) setImmediate(this.#sendDue);
  }

  onGone(connection: Connection, unsent: RequestInFlight | undefined): void {
    this.#all.delete(connection);
    const at = this.#free.indexOf(connection);
    if (at >= 0) this.#free.splice(at, 1);
    const next = unsent ?? this.#waiting.shift();
    if (next && this.#isCut) next.fail(new Error('the connections were cut'));
    else if (next) this.#give(next);
    if (this.#all.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#closed?.resolve();
  }

  /** Settles once what runs and what waits has been answered; nothing more is taken. */
  async close(): Promise<void> {
    this.#closed ??= Promise.withResolvers();
    for (const connection of [...this.#free]) connection.destroy();
    if (this.#all.size === 0) this.#closed.resolve();
    await this.#closed.promise;
  }

  /** Ends all connections at once; what runs and what waits fails. */
  async destroy(): Promise<void> {
    this.#isCut = true;
    const closed = this.close();
    for (const request of this.#waiting.splice(0)) request.fail(new Error('the connections were cut'));
    for (const connection of [...this.#all]) connection.destroy(new Error('the connections were cut'));
    await closed;
  }

  #give(request: RequestInFlight): void {
    const nowMs = performance.now();
    for (let free = this.#free.pop(); free; free = this.#free.pop()) {
      if (free.isUsable && nowMs < free.freeUntilMs) {
        free.take(request);
        return;
      }
      free.destroy();
    }
    if (this.#all.size >= this.#most) {
      this.#waiting.push(request);
      return;
    }
    this.#all.add(new Connection(this, this.#open, request));
    this.#timer ??= setInterval(this.#look, TICK_MS).unref();
  }

  readonly #sendDue = (): void => {
    for (const connection of this.#due.splice(0)) connection.send();
  };

  /** Ends what is silent for too long, and what nobody has needed for a while. */
  readonly #look = (): void => {
    this.tick++;
    const nowMs = performance.now();
    for (const connection of [...this.#all]) connection.watch();
    for (const connection of this.#free.filter(({ freeUntilMs }) => nowMs >= freeUntilMs)) connection.destroy();
  };
}
