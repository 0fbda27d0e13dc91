// A dependency that works on so many requests at once, so long on each. What waits is worked on in its order, also when
// nobody waits for the answer any more, as most servers do. It hangs by SIGSTOP.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How it shall behave from now on. */
export interface Manner {
  places: number;
  delayMs: number;
  /** Of so many requests one is refused at once, with 503; 1 refuses all, 0 none. */
  failsOneOf: number;
}

/** What has arrived since the last time somebody asked. */
export interface Arrivals {
  all: number;
  /** Without those that are tried again. */
  first: number;
}

const waiting: (() => void)[] = [];
let manner: Manner = { places: 1, delayMs: 0, failsOneOf: 0 };
let arrivals: Arrivals = { all: 0, first: 0 };
let busy = 0;
let begun = 0;

function next(): void {
  while (begun < waiting.length && busy < manner.places) {
    busy++;
    waiting[begun++]?.();
  }
  if (begun < 1_000) return;
  waiting.splice(0, begun);
  begun = 0;
}

function work(response: ServerResponse): void {
  setTimeout(() => {
    response.end('{}');
    busy--;
    next();
  }, manner.delayMs);
}

const server = createServer((request, response) => {
  arrivals.all++;
  if (request.headers['x-attempt'] === '1') arrivals.first++;
  if (manner.failsOneOf > 0 && arrivals.all % manner.failsOneOf === 0) {
    response.writeHead(503).end();
    return;
  }
  waiting.push(() => work(response));
  next();
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('message', (given: Manner | 'arrivals') => {
  if (given === 'arrivals') {
    process.send?.(arrivals);
    arrivals = { all: 0, first: 0 };
    return;
  }
  manner = given;
  next();
  process.send?.('changed');
});
process.on('disconnect', () => process.exit());
