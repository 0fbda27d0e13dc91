// One instance of a service that can be made slow, narrow or mad by a message. Registers itself, as services do.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRegistry } from '@rookery/discovery';

/** How it shall behave from now on. */
export interface Manner {
  /** How long an answer takes. */
  delayMs?: number;
  /** Requests that are worked on at once; the others wait. Without bound when not given. */
  places?: number;
  /** Answers with bytes that are not HTTP. */
  garbage?: boolean;
  /** Takes requests and never answers. */
  hang?: boolean;
  /** Resets the connection of each request. */
  reset?: boolean;
  /** Begins its answers and breaks off in their middle. */
  breakOff?: boolean;
}

const [service = '', id = ''] = process.argv.slice(2);
const waiting: (() => void)[] = [];
let manner: Manner = {};
let busy = 0;

function work(answer: () => void): void {
  busy++;
  setTimeout(() => {
    answer();
    busy--;
    waiting.shift()?.();
  }, manner.delayMs ?? 0);
}

const server = createServer((request, response) => {
  if (manner.garbage) {
    request.socket.end('\u0000\u0001 not the protocol that was asked for\r\n\r\n');
    return;
  }
  if (manner.hang) return;
  if (manner.reset) {
    request.socket.resetAndDestroy();
    return;
  }
  if (manner.breakOff) {
    response.writeHead(200, { 'content-length': '1000' }).write('{"id":');
    setImmediate(() => request.socket.destroy());
    return;
  }
  const answer = () => response.setHeader('content-type', 'application/json').end(JSON.stringify({ id }));
  if (busy < (manner.places ?? Number.POSITIVE_INFINITY)) work(answer);
  else waiting.push(() => work(answer));
});
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address() as AddressInfo;
  const registry = await createRegistry(process.env.DISCOVERY_URL);
  await registry.register({ id, service, address: '127.0.0.1', port, weight: 1, metadata: {} });
  process.send?.('ready');
});
process.on('message', (next: Manner) => {
  manner = next;
  process.send?.('changed');
});
process.on('disconnect', () => process.exit());
