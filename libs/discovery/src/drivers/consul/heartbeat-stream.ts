import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { discoveryErrors } from '../../errors.ts';
import { reasonOf } from '../network-reason.ts';
import type { ConsulAddress } from './consul-url.ts';

const PROTOCOL = 'rookery-heartbeats';
const ANSWERS: Readonly<Record<string, boolean>> = { '+': true, '-': false };

interface Beat {
  resolve(known: boolean): void;
  reject(error: unknown): void;
}

/** The server, or something before it, does not open streams. */
export class NoStream extends Error {}

/**
 * Heartbeats of a client as lines on one connection to the embedded registry, which costs it a fraction of a request each
 * (`apps/registry/src/http/heartbeat-streams.ts`). A line is the id of a check, its answer one character, in order.
 */
export class HeartbeatStream {
  #socket: Socket | undefined;
  #opening: Promise<Socket> | undefined;
  readonly #closed = new AbortController();
  /** Sent and not answered yet, oldest first. */
  #waiting: Beat[] = [];

  constructor(private readonly address: ConsulAddress) {}

  /** Answers whether the server knows the check. Throws {@link NoStream} where it has to be told in another way. */
  async beat(path: string, checkId: string, timeoutMs: number): Promise<boolean> {
    const socket = await this.#open(path, timeoutMs);
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.#waiting.push({ resolve, reject });
    const late = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    socket.write(`${checkId}\n`);
    try {
      return await promise;
    } catch (error) {
      throw discoveryErrors.unreachable(this.address.server, reasonOf(error), error);
    } finally {
      clearTimeout(late);
    }
  }

  close(): void {
    this.#closed.abort();
    this.#socket?.destroy();
  }

  #open(path: string, timeoutMs: number): Promise<Socket> {
    if (this.#socket) return Promise.resolve(this.#socket);
    this.#opening ??= this.#begin(path, timeoutMs).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  #begin(path: string, timeoutMs: number): Promise<Socket> {
    const { host, port, secure, token, ca, server } = this.address;
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    const request = (secure ? tlsRequest : plainRequest)({
      ...{ host, port, path, agent: false, signal: this.#closed.signal, ...(ca ? { ca } : {}) },
      headers: { connection: 'Upgrade', upgrade: PROTOCOL, ...(token ? { 'x-consul-token': token } : {}) },
    });
    const late = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    request.once('upgrade', (_response, socket: Socket) => {
      this.#keep(socket);
      resolve(socket);
    });
    request.once('response', (response) => {
      response.destroy();
      reject(new NoStream(`answered ${response.statusCode}`));
    });
    request.once('error', (error) => reject(discoveryErrors.unreachable(server, reasonOf(error), error)));
    request.end();
    return promise.finally(() => clearTimeout(late));
  }

  #keep(socket: Socket): void {
    if (this.#closed.signal.aborted) socket.destroy();
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (answers: string) => {
      for (const answer of answers) {
        const known = ANSWERS[answer];
        if (known === undefined) return socket.destroy(new Error('it answered something else than heartbeats'));
        this.#waiting.shift()?.resolve(known);
      }
    });
    let reason: unknown = new Error('connection reset');
    socket.on('error', (error) => {
      reason = error;
    });
    socket.once('end', () => socket.destroy());
    socket.once('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
      for (const { reject } of this.#waiting.splice(0)) reject(reason);
    });
  }
}
