// A tiny instance in a process of its own, to be killed: answers its process id. Prints its port.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  const body = JSON.stringify({ pid: process.pid, url: request.url });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
process.on('disconnect', () => process.exit());
