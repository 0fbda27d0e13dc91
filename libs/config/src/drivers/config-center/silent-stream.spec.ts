import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, it } from 'vitest';
import { CentreApi } from './centre-api.ts';
import { follow } from './follow.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

it('drops silent streams also after the garbage collector has run over what fetch keeps of its signal', {
  timeout: 60_000,
}, async () => {
  let streams = 0;
  const server = createServer((_request, response) => {
    streams += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (streams <= 20) response.write('event: heartbeat\ndata: {"version":0,"everyMs":100}\n\n');
    else response.write('event: release\ndata: {"version":1,"settings":{}}\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const api = new CentreApi(`http://127.0.0.1:${port}`, ['default', 'default', 'orders'], 'i-1', '', 1_000);
  const collecting = setInterval(collectGarbage, 200);
  closers.push(
    () => clearInterval(collecting),
    () => server.closeAllConnections(),
    () => server.close(),
  );

  const followers = Array.from({ length: 20 }, () => {
    const seen: number[] = [];
    const following = follow({
      connect: (after, signal) => api.watch(after, signal),
      cursor: 0,
      onRelease: ({ version }) => seen.push(version),
      onProblem: () => {},
    });
    closers.push(() => following.close());
    return seen;
  });
  await expect.poll(() => followers.filter((seen) => seen.length > 0).length, { timeout: 40_000 }).toBe(20);
});
