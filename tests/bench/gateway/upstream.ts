// Answers 120 bytes of JSON to whatever ends with an empty line. Bare sockets: it shall never be what is measured.
import { type AddressInfo, createServer } from 'node:net';

const body = JSON.stringify({ id: 1, text: '' }).replace('""', `"${'x'.repeat(101)}"`);
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: keep-alive\r\nkeep-alive: timeout=60\r\n\r\n${body}`,
);
const server = createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    rest += chunk.toString('latin1');
    for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
      rest = rest.slice(end + 4);
      socket.write(answer);
    }
  });
});
server.listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port, bytes: body.length }),
);
process.on('disconnect', () => process.exit());
