import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { reasonOf } from '@rookery/connections';
import type { ConsulAddress } from '@rookery/connections/consul';
import { discoveryErrors } from '../../errors.ts';

const PROTOCOL = 'rookery-heartbeats';
/** Longest pause that the server may ask for. */
const LONGEST_MS = 60_000;

interface Beat {
  resolve(nextInMs: number): void;
  reject(error: unknown): void;
}

/** The server, or something before it, does not open streams. */
export class NoStream extends Error {}

/**
 * Heartbeats of a client as lines on one connection to the embedded registry, which costs it a fraction of a request each
 * (`apps/registry/src/http/heartbeat-streams.ts`). A line is the id of a check; its answer, in order, is a line with the
 * milliseconds in which the next is wanted, or 0 for a check that is not known. While it is open, the server waits longer
 * than a lease; when it ends, the lease begins to run.
 */
export class HeartbeatStream {
  #socket: Socket | undefined;
  #opening: Promise<Socket> | undefined;
  readonly #closed = new AbortController();
  /** Are told when the stream ended. */
  readonly onLost = new Set<() => void>();
  /** Sent and not answered yet, oldest first. */
  #waiting: Beat[] = [];

  constructor(private readonly address: ConsulAddress) {}

  /** How soon the next is wanted; 0 when the check is not known. Throws {@link NoStream} where none can be opened. */
  async beat(path: string, checkId: string, timeoutMs: number): Promise<number> {
    const socket = await this.#open(path, timeoutMs);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
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
    this.onLost.clear();
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
    const { host, port, tls, token, server } = this.address;
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    const request = (tls ? tlsRequest : plainRequest)({
      ...{ host, port, path, agent: false, signal: this.#closed.signal, ...tls },
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
    let rest = '';
    socket.on('data', (answers: string) => {
      const lines = (rest + answers).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const nextInMs = Number(line);
        if (!/^\d{1,5}$/.test(line) || nextInMs > LONGEST_MS)
          return socket.destroy(new Error('it answered something else than heartbeats'));
        this.#waiting.shift()?.resolve(nextInMs);
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
      for (const lost of this.onLost) lost();
    });
  }
}
