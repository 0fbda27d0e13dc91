import { connect, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { buildConnector } from 'undici';

export interface Origin {
  readonly address: string;
  readonly port: number;
  /** Plain TCP where there is none. */
  readonly tls?: ConnectionOptions | undefined;
  readonly connectTimeoutMs: number;
}

/** Whom a connection's bytes and its end are told to. */
export interface SocketListener {
  onConnect(): void;
  /** The bytes are good for this call only. */
  onBytes(bytes: Buffer): void;
  onClose(error: Error | undefined): void;
}

/** Opens a connection; it is told once when it is there, and once when it is gone. */
export type OpenSocket = (listener: SocketListener) => Socket;

const READ_BYTES = 64 * 1024;
const KEEP_ALIVE_MS = 60_000;

/** How connections to an origin are opened. */
export const openerFor = (origin: Origin): OpenSocket =>
  origin.tls ? tlsOpener(origin, origin.tls) : tcpOpener(origin);

/**
 * Plain TCP, read into memory that is there already instead of new memory for each read. Where the system is asked for
 * bytes when they are there, which is everywhere but on Windows, one piece of memory serves all connections.
 */
function tcpOpener({ address, port, connectTimeoutMs }: Origin): OpenSocket {
  const shared = process.platform === 'win32' ? undefined : Buffer.allocUnsafeSlow(READ_BYTES);
  return (listener) => {
    const buffer = shared ?? Buffer.allocUnsafeSlow(READ_BYTES);
    const onread = {
      buffer,
      callback: (bytes: number): boolean => {
        listener.onBytes(buffer.subarray(0, bytes));
        return true;
      },
    };
    const socket = connect({
      host: address,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      onread,
    });
    const giveUp = () => {
      if (!socket.connecting) return;
      socket.destroy(Object.assign(new Error(`no connection within ${connectTimeoutMs} ms`), { code: 'ETIMEDOUT' }));
    };
    // Not before it was looked whether it is there: a process that stood still hears of it after its timers.
    const late = setTimeout(() => setImmediate(giveUp), connectTimeoutMs);
    socket.once('connect', () => {
      clearTimeout(late);
      listener.onConnect();
    });
    tellEnd(socket, listener, () => clearTimeout(late));
    return socket;
  };
}

/** TLS; the sessions of an origin are known to all its connections. */
function tlsOpener({ address, port, connectTimeoutMs }: Origin, tls: ConnectionOptions): OpenSocket {
  const connectTls = buildConnector({ ...tls, timeout: connectTimeoutMs, allowH2: false });
  return (listener) => {
    const options = { hostname: address, protocol: 'https:', port: String(port) };
    // It gives the socket back at once, which its types leave out.
    const socket = connectTls(options, (...[error]) => {
      if (!error) listener.onConnect();
    }) as unknown as Socket;
    socket.on('data', (bytes: Buffer) => listener.onBytes(bytes));
    tellEnd(socket, listener);
    return socket;
  };
}

function tellEnd(socket: Socket, listener: SocketListener, before: () => void = () => {}): void {
  let cause: Error | undefined;
  socket.on('error', (error) => {
    cause ??= error;
  });
  socket.once('close', () => {
    before();
    listener.onClose(cause);
  });
}
