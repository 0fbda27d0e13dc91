import { createServer, type Server, type ServerResponse } from 'node:http';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listen, until } from '../testing/rig.ts';
import { Connections } from './connections.ts';

let server: Server;
let port: number;
let opened = 0;
let held: ServerResponse[] = [];
let connections: Connections;

const get = (path: string, of = connections): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  of.ask(
    { path, method: 'GET', headers: [], idleTimeoutMs: 10_000 },
    {
      onRequestStart: () => {},
      onResponseHead: () => {},
      onResponseData: (_controller, chunk) => {
        text += chunk.toString();
      },
      onResponseEnd: () => resolve(text),
      onResponseError: (_controller, error) => reject(error),
    },
  );
  return promise;
};

beforeEach(async () => {
  opened = 0;
  held = [];
  server = createServer((request, response) => {
    if (request.url === '/held') held.push(response);
    else if (request.url === '/broken') request.socket.destroy();
    else response.end('here');
  });
  server.on('connection', () => {
    opened++;
  });
  port = await listen(server);
  connections = new Connections({ address: '127.0.0.1', port, connectTimeoutMs: 5_000 }, 2);
});

afterEach(async () => {
  await connections.destroy();
  server.close();
  server.closeAllConnections();
});

describe('connections to one origin', () => {
  it('are used again, the last one first, so that one after another needs one', async () => {
    for (let sent = 0; sent < 5; sent++) expect(await get('/')).toBe('here');
    expect(opened).toBe(1);
  });

  it('are never more than allowed: the rest waits for its turn and is answered', async () => {
    const first = [get('/held'), get('/held')];
    await until('two are held', () => held.length === 2);
    const others = [get('/'), get('/'), get('/')];
    for (const response of held) response.end('late');
    expect(await Promise.all(first)).toEqual(['late', 'late']);
    expect(await Promise.all(others)).toEqual(['here', 'here', 'here']);
    expect(opened).toBe(2);
  });

  it('serve the next request after one of them broke', async () => {
    for (let round = 0; round < 4; round++) {
      await expect(get('/broken')).rejects.toThrow();
      expect(await get('/')).toBe('here');
    }
  });

  it('can ask again from inside of a failure, where nobody listens', async () => {
    const dead = new Connections({ address: '127.0.0.1', port: 1, connectTimeoutMs: 5_000 }, 1);
    const failures: string[] = [];
    const ask = (): void => {
      get('/', dead).catch((error: NodeJS.ErrnoException) => {
        failures.push(String(error.code));
        if (failures.length < 3) ask();
      });
    };
    ask();
    await until('three have failed', () => failures.length === 3);
    expect(failures).toEqual(['ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED']);
    await dead.destroy();
  });

  it('close after what runs and what waits has been answered', async () => {
    const running = [get('/held'), get('/held'), get('/')];
    await until('two are held', () => held.length === 2);
    const closed = connections.close();
    for (const response of held) response.end('late');
    expect(await Promise.all(running)).toEqual(['late', 'late', 'here']);
    await closed;
    await expect(get('/')).rejects.toThrow('closed');
  });

  it('cut what runs and what waits when they are destroyed', async () => {
    const running = Promise.allSettled([get('/held'), get('/held'), get('/')]);
    await until('two are held', () => held.length === 2);
    await connections.destroy();
    expect((await running).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});
