import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Endpoint, TlsOptions } from '../server-url.ts';
import { frames, JuteReader, JuteWriter } from './jute.ts';

/** How long one request may take, and the opening of a connection. */
const DEADLINE_MS = 2_000;
const LONGEST_MESSAGE_BYTES = 16 * 1024 * 1024;

const PING = { xid: -2, op: 11 };
const AUTH = { xid: -4, op: 100 };
const NOTIFICATION_XID = -1;
const CLOSE_SESSION = -11;

/** What ZooKeeper answers instead of what was asked for. */
export const ZK_ERRORS: Readonly<Record<number, string>> = {
  [-101]: 'there is no such node',
  [-103]: 'the node was changed meanwhile',
  [-102]: 'this user may not do that (NoAuth)',
  [-110]: 'the node exists',
  [-112]: 'the session is over',
  [-115]: 'the credentials were refused (AuthFailed)',
};
export const NO_NODE = -101;
export const BAD_VERSION = -103;
export const NODE_EXISTS = -110;
export const SESSION_EXPIRED = -112;

export class ZkError extends Error {
  constructor(readonly code: number) {
    super(ZK_ERRORS[code] ?? `error ${code}`);
  }
}

/** A session, by which its ephemeral nodes survive the connection. */
export interface Session {
  id: bigint;
  password: Buffer;
}

export const NO_SESSION: Session = { id: 0n, password: Buffer.alloc(16) };

export interface ZkConnectionOptions {
  endpoint: Endpoint;
  tls?: TlsOptions;
  credentials?: { user: string; password: string };
  sessionMs: number;
  session: Session;
  onEvent: (path: string) => void;
  onClose: () => void;
}

interface Waiting {
  xid: number;
  resolve(reader: JuteReader): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/** One TCP connection: pings, requests in the order of their answers, notifications. Ends when it is silent too long. */
export class ZkConnection {
  session: Session = NO_SESSION;
  /** What the server makes of the time that was asked for. */
  sessionMs = 0;
  readonly #socket: Socket;
  readonly #cut = frames(LONGEST_MESSAGE_BYTES);
  readonly #waiting: Waiting[] = [];
  #handshake: Omit<Waiting, 'xid' | 'timer'> | undefined;
  #pings: NodeJS.Timeout | undefined;
  #heardAtMs = performance.now();
  #lastXid = 0;
  #error: Error | undefined;
  #closed = false;

  private constructor(private readonly options: ZkConnectionOptions) {
    const { endpoint, tls } = options;
    const servername = isIP(endpoint.host) ? {} : { servername: endpoint.host };
    this.#socket = tls ? connectTls({ ...endpoint, ...servername, ...tls }) : connectTcp(endpoint);
    this.#socket.setNoDelay();
    this.#socket.on('data', (chunk) =>
      this.#guarded(() => {
        for (const frame of this.#cut(chunk)) this.#take(frame);
      }),
    );
    this.#socket.on('error', (error) => {
      this.#error ??= error;
    });
    this.#socket.on('close', () => this.#end());
  }

  /** Opens a connection with its session, a new one where the server has forgotten it. */
  static async open(options: ZkConnectionOptions): Promise<ZkConnection> {
    const connection = new ZkConnection(options);
    await connection.#begin();
    return connection;
  }

  get closed(): boolean {
    return this.#closed;
  }

  request(op: number, write: (writer: JuteWriter) => JuteWriter): Promise<JuteReader> {
    const { promise, resolve, reject } = Promise.withResolvers<JuteReader>();
    if (this.#closed) {
      reject(this.#error ?? new Error('the connection ended'));
      return promise;
    }
    this.#lastXid = (this.#lastXid + 1) % 0x7fffffff;
    const xid = this.#lastXid;
    const timer = setTimeout(() => this.destroy(new Error(`no answer within ${DEADLINE_MS} ms`)), DEADLINE_MS);
    this.#waiting.push({ xid, resolve, reject, timer });
    this.#socket.write(write(new JuteWriter().int(xid).int(op)).frame());
    return promise;
  }

  /** Ends the session, and with it its ephemeral nodes. */
  endSession(): void {
    if (this.#closed) return;
    this.#socket.write(
      new JuteWriter()
        .int(this.#lastXid + 1)
        .int(CLOSE_SESSION)
        .frame(),
    );
    this.#socket.destroySoon();
    clearInterval(this.#pings);
  }

  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
    this.#end();
  }

  async #begin(): Promise<void> {
    const { session, sessionMs, tls, credentials } = this.options;
    const { promise, resolve, reject } = Promise.withResolvers<JuteReader>();
    this.#handshake = { resolve, reject };
    const timer = setTimeout(() => this.destroy(new Error(`no answer within ${DEADLINE_MS} ms`)), DEADLINE_MS);
    const hello = new JuteWriter().int(0).long(0n).int(sessionMs).long(session.id).bytes(session.password).bool(false);
    this.#socket.once(tls ? 'secureConnect' : 'connect', () => this.#socket.write(hello.frame()));
    const answer = await promise.finally(() => clearTimeout(timer));
    answer.int();
    const timeoutMs = answer.int();
    this.sessionMs = timeoutMs;
    this.session = timeoutMs > 0 ? { id: answer.long(), password: Buffer.from(answer.bytes()) } : NO_SESSION;
    if (timeoutMs <= 0) {
      this.destroy();
      throw new ZkError(SESSION_EXPIRED);
    }
    if (credentials) {
      const auth = new JuteWriter().int(AUTH.xid).int(AUTH.op).int(0).text('digest');
      this.#socket.write(auth.text(`${credentials.user}:${credentials.password}`).frame());
    }
    this.#pings = setInterval(() => this.#ping(timeoutMs), timeoutMs / 3);
  }

  #ping(timeoutMs: number): void {
    if (performance.now() - this.#heardAtMs > timeoutMs * (2 / 3)) this.destroy(new Error('the server is silent'));
    else this.#socket.write(new JuteWriter().int(PING.xid).int(PING.op).frame());
  }

  #take(frame: Buffer): void {
    this.#heardAtMs = performance.now();
    const reader = new JuteReader(frame);
    if (this.#handshake) {
      this.#handshake.resolve(reader);
      this.#handshake = undefined;
      return;
    }
    const xid = reader.int();
    reader.long();
    const code = reader.int();
    if (xid === NOTIFICATION_XID) {
      reader.int();
      reader.int();
      this.options.onEvent(reader.text());
    } else if (xid === AUTH.xid && code !== 0) this.destroy(new ZkError(code));
    else if (xid !== PING.xid && xid !== AUTH.xid) this.#answer(xid, code, reader);
  }

  #answer(xid: number, code: number, reader: JuteReader): void {
    const waiting = this.#waiting.shift();
    if (!waiting) return;
    clearTimeout(waiting.timer);
    if (waiting.xid !== xid) {
      waiting.reject(new Error('an answer out of order'));
      this.destroy(new Error('an answer out of order'));
    } else if (code === 0) waiting.resolve(reader);
    else waiting.reject(new ZkError(code));
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#pings);
    const error = this.#error ?? new Error('the connection ended');
    this.#handshake?.reject(error);
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      reject(error);
    }
    this.options.onClose();
  }
}
