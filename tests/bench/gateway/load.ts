// Closed-loop load over bare sockets; told what to do by messages, so that it can stand on another core.
import { connect, type Socket } from 'node:net';

export interface LoadOrder {
  port: number;
  path: string;
  connections: number;
  durationMs: number;
  headers?: Readonly<Record<string, string>> | undefined;
}

export interface LoadResult {
  answered: number;
  failed: number;
  /** The head of the first answer that was not 200. */
  failure: string;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

const HEAD_END = '\r\n\r\n';

/** One connection with one request at a time until the time is over. */
function client(
  { port, path, headers = {} }: LoadOrder,
  endMs: number,
  latencies: number[],
  onFailure: (reason: string) => void,
): Promise<void> {
  const more = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const request = `GET ${path} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\nuser-agent: bench\r\n${more}\r\n`;
  return new Promise((resolve) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let startedMs = 0;
    let rest = '';
    const send = () => {
      startedMs = performance.now();
      socket.write(request);
    };
    const done = () => {
      socket.destroy();
      resolve();
    };
    socket.on('connect', send);
    socket.on('error', (error) => {
      onFailure(error.message);
      done();
    });
    socket.on('close', () => {
      if (performance.now() < endMs) onFailure('the connection was closed');
      resolve();
    });
    socket.on('data', (chunk) => {
      rest += chunk.toString('latin1');
      const head = rest.indexOf(HEAD_END);
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(rest.slice(0, head))?.[1]);
      if (rest.length < head + HEAD_END.length + length) return;
      if (!rest.startsWith('HTTP/1.1 200')) onFailure(rest.slice(0, head));
      rest = '';
      const nowMs = performance.now();
      latencies.push(nowMs - startedMs);
      if (nowMs < endMs) send();
      else done();
    });
  });
}

process.on('message', async (order: LoadOrder) => {
  const latencies: number[] = [];
  let failed = 0;
  let failure = '';
  const startMs = performance.now();
  const fail = (reason: string) => {
    failed++;
    failure ||= reason;
  };
  await Promise.all(
    Array.from({ length: order.connections }, () => client(order, startMs + order.durationMs, latencies, fail)),
  );
  const seconds = (performance.now() - startMs) / 1_000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  const result: LoadResult = {
    answered: latencies.length,
    failed,
    failure,
    perSecond: latencies.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
  process.send?.(result);
});
process.on('disconnect', () => process.exit());
