// What one writes by hand in twenty lines: the yardstick of the gateway's bench.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

const pool = new Pool(process.argv[2] as string, { connections: 128 });
const server = createServer(async (request, response) => {
  try {
    const { url: path = '/', method = 'GET', headers } = request;
    const body = method === 'GET' ? null : request;
    const answer = await pool.request({ path, method: method as 'GET', headers, body });
    response.writeHead(answer.statusCode, answer.headers);
    answer.body.pipe(response);
  } catch {
    response.writeHead(502).end();
  }
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
