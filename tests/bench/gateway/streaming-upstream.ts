// Streams as many bytes as the path says, takes any body, and holds WebSockets open without a word.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

const PIECE = Buffer.alloc(64 * 1_024, 'x');
const ACCEPT_KEY = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

function* pieces(bytes: number) {
  for (let left = bytes; left > 0; left -= PIECE.length) yield left < PIECE.length ? PIECE.subarray(0, left) : PIECE;
}

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    let bytes = 0;
    request.on('data', (chunk) => {
      bytes += chunk.length;
    });
    request.on('end', () => response.end(String(bytes)));
    return;
  }
  const bytes = Number(request.url?.split('/').at(-1));
  response.writeHead(200, { 'content-length': bytes });
  Readable.from(pieces(bytes), { objectMode: false }).pipe(response);
});
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${ACCEPT_KEY}`).digest('base64');
  socket.on('error', () => socket.destroy());
  socket.resume();
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  );
});
server.listen(0, '127.0.0.1', 50_000, () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
