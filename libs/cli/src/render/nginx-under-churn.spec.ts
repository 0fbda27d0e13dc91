import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instance, InstancesListener, Registry } from '@rookery/discovery';
import { findProgram, freePorts, hasNginx, type OwnServer, startOwnNginx } from '@rookery/servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepRendered } from './keep-rendered.ts';
import { nginxAround, nginxUpstreams } from './nginx.ts';

const CLIENTS = 8;
const CHANGES = 6;
const WITHIN = { timeout: 20_000, interval: 20 };

/** A service whose instances come and go, and its registry. */
class Fleet {
  readonly #servers = new Map<string, Server>();
  readonly #listeners = new Set<InstancesListener>();
  instances: readonly Instance[] = [];
  #next = 0;

  async join(): Promise<string> {
    const id = `i${this.#next++}`;
    const server = createServer((_, response) => setTimeout(() => response.end(id), 5));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    this.#servers.set(id, server);
    this.#tell([...this.instances, { id, service: 'catalog', address: '127.0.0.1', port, weight: 1, metadata: {} }]);
    return id;
  }

  misregister(id: string, address: string): void {
    this.#tell([...this.instances, { id, service: 'catalog', address, port: 3_000, weight: 1, metadata: {} }]);
  }

  deregister(id: string): void {
    this.#tell(this.instances.filter((instance) => instance.id !== id));
  }

  /** As kill -9 does: its connections are gone under what runs. */
  end(id: string): void {
    const server = this.#servers.get(id);
    server?.close();
    server?.closeAllConnections();
    this.#servers.delete(id);
  }

  portOf = (id: string): number | undefined => this.instances.find((instance) => instance.id === id)?.port;

  get registry(): Registry {
    const watch = (_service: string, listener: InstancesListener) => {
      this.#listeners.add(listener);
      const fleet = this;
      return {
        get current() {
          return fleet.instances;
        },
        ready: Promise.resolve(),
        close: () => void this.#listeners.delete(listener),
      };
    };
    return { watch } as unknown as Registry;
  }

  #tell(instances: readonly Instance[]): void {
    this.instances = instances;
    for (const listener of this.#listeners) listener(instances);
  }
}

describe.skipIf(!hasNginx())('nginx before a service whose instances come and go', () => {
  const fleet = new Fleet();
  const stop = new AbortController();
  const told: string[] = [];
  let folder: string;
  let url: string;
  let server: OwnServer | undefined;
  let kept: Promise<void>;
  const written = () => readFileSync(join(folder, 'upstreams.conf'), 'utf8');
  const isWritten = (port: number | undefined) => written().includes(`127.0.0.1:${port};`);
  const reloads = () => told.filter((line) => line.endsWith('reloaded')).length;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rookery-churn-'));
    const [port] = await freePorts(1);
    url = `http://127.0.0.1:${port}`;
    const program = findProgram('nginx', '/usr/sbin/nginx');
    const configuration = join(folder, 'nginx.conf');
    for (let instance = 0; instance < 3; instance++) await fleet.join();
    writeFileSync(
      join(folder, 'upstreams.conf'),
      nginxUpstreams([{ name: 'catalog', instances: fleet.instances }], { keepalive: 8 }),
    );
    const site = [
      `include ${folder}/upstreams.conf;`,
      'server {',
      `listen ${port};`,
      'location = /nginx/live { return 204; }',
      'location / {',
      'proxy_pass http://catalog;',
      'proxy_http_version 1.1;',
      'proxy_set_header Connection "";',
      '}',
      '}',
      '',
    ].join('\n');
    writeFileSync(
      configuration,
      `worker_processes 2;\n${process.getuid?.() === 0 ? 'user root;\n' : ''}${nginxAround(site, folder)}`,
    );
    server = await startOwnNginx(configuration, url);
    kept = keepRendered({
      registry: fleet.registry,
      names: ['catalog'],
      render: (services) => nginxUpstreams(services, { keepalive: 8 }),
      file: join(folder, 'upstreams.conf'),
      check: `${program} -t -q -c "$FILE"`,
      checkable: nginxAround,
      reload: `${program} -p ${folder} -c ${configuration} -s reload`,
      everyMs: 100,
      signal: stop.signal,
      tell: (line) => told.push(line),
    });
  });
  afterAll(async () => {
    stop.abort();
    await kept;
    await server?.stop();
    for (const { id } of fleet.instances) fleet.end(id);
    rmSync(folder, { recursive: true, force: true });
  });

  it('no request fails while they do, and who is killed is not missed', { timeout: 60_000 }, async () => {
    const answers = new Map<string, number>();
    let sent = 0;
    let isOver = false;
    const clients = Array.from({ length: CLIENTS }, async () => {
      while (!isOver) {
        sent++;
        const answer = await ask(url);
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
      }
    });
    const count = (of: string) => answers.get(of) ?? 0;
    for (let change = 0; change < CHANGES; change++) {
      const [oldest] = fleet.instances;
      const joined = await fleet.join();
      await expect.poll(() => isWritten(fleet.portOf(joined)), WITHIN).toBe(true);
      await expect.poll(() => count(joined), WITHIN).toBeGreaterThan(0);
      if (!oldest) throw new Error('nobody is there');
      if (change % 3 === 2) {
        // Without a word: nginx asks another one, and the registry hears of it later.
        fleet.end(oldest.id);
        await expect.poll(() => count(joined), WITHIN).toBeGreaterThan(20);
        fleet.deregister(oldest.id);
      } else {
        // As a service stops: it leaves the registry, serves those who do not know yet, and goes.
        fleet.deregister(oldest.id);
        await expect.poll(() => isWritten(oldest.port), WITHIN).toBe(false);
        const reloaded = count(oldest.id);
        await expect.poll(() => count(joined), WITHIN).toBeGreaterThan(40);
        expect(count(oldest.id)).toBeGreaterThanOrEqual(reloaded);
        fleet.end(oldest.id);
      }
    }
    isOver = true;
    await Promise.all(clients);
    const failed = [...answers].filter(([answer]) => !/^i\d+$/.test(answer));
    expect(failed).toEqual([]);
    expect(sent).toBeGreaterThan(200);
    expect(reloads()).toBeGreaterThanOrEqual(CHANGES);
  });

  it('what nginx refuses is told and never takes the place; the next change does', async () => {
    const before = written();
    const reloaded = reloads();
    fleet.misregister('refused', 'nobody.invalid');
    await expect.poll(() => told.some((line) => line.includes('nobody.invalid')), WITHIN).toBe(true);
    expect(written()).toBe(before);
    fleet.deregister('refused');
    await fleet.join();
    await expect.poll(reloads, WITHIN).toBeGreaterThan(reloaded);
    expect(written()).not.toBe(before);
  });
});

/** The answer, or what went wrong. A connection each, as clients of a page have them. */
const ask = (url: string): Promise<string> =>
  new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 10_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(response.statusCode === 200 ? text : `status ${response.statusCode}`));
      response.on('error', (error) => resolve(String(error)));
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', (error) => resolve(String(error)));
  });
