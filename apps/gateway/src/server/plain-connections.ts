import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** What a client that knows that we speak HTTP/2 begins with (RFC 9113, 3.4). */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
/** Enough of it: no method that we take begins like this. */
const TELLING_BYTES = 4;

/** Whether bytes begin an HTTP/2 connection; undefined while they are too few to tell. */
export function beginsHttp2(bytes: Buffer): boolean | undefined {
  const length = Math.min(bytes.length, TELLING_BYTES);
  if (!PREFACE.subarray(0, length).equals(bytes.subarray(0, length))) return false;
  return length === TELLING_BYTES ? true : undefined;
}

/**
 * Looks at the first bytes of each connection of a plain HTTP server and hands those of HTTP/2 to `http2`. It costs a
 * connection one look; requests after the first see nothing of it. Answers what takes a connection that is known to be
 * HTTP/1.1.
 */
export function divertHttp2(server: Server, http2: (socket: Socket) => void): (socket: Socket) => void {
  const http1 = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  const toHttp1 = (socket: Socket) => {
    for (const listener of http1) listener.call(server, socket);
  };
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const tooLate = setTimeout(() => socket.destroy(), server.headersTimeout);
    const onError = () => socket.destroy();
    const onClose = () => clearTimeout(tooLate);
    let first: Buffer | undefined;
    const look = () => {
      const bytes = socket.read() as Buffer | null;
      if (bytes === null) return;
      first = first ? Buffer.concat([first, bytes]) : bytes;
      const isHttp2 = beginsHttp2(first);
      if (isHttp2 === undefined) return;
      onClose();
      socket.unshift(first);
      socket.off('readable', look).off('error', onError).off('close', onClose);
      if (isHttp2) http2(socket);
      else toHttp1(socket);
    };
    socket.on('readable', look).on('error', onError).on('close', onClose);
  });
  return toHttp1;
}
