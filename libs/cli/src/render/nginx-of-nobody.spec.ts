import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, hasNginx, type OwnServer, startOwnNginx } from '@rookery/servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nginxAround, nginxUpstreams } from './nginx.ts';

describe.skipIf(!hasNginx())('nginx before services that nobody runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rookery-nobody-'));
  let url: string;
  let nginx: OwnServer | undefined;
  let instance: Server;
  beforeAll(async () => {
    instance = createServer((_, response) => response.end('reached'));
    await new Promise<void>((resolve) => instance.listen(0, '::1', resolve));
    const [port] = await freePorts(1);
    url = `http://127.0.0.1:${port}`;
    const base = { service: 'drained', address: '::1', port: (instance.address() as AddressInfo).port, metadata: {} };
    const services = [
      { name: 'nobody', instances: [] },
      { name: 'drained', instances: [{ ...base, id: 'a', weight: 0 }] },
      { name: 'six', instances: [{ ...base, id: 'b', weight: 1 }] },
    ];
    const locations = services.map(({ name }) => `location /${name} { proxy_pass http://${name}; }`);
    const site = `server { listen 127.0.0.1:${port}; location = /nginx/live { return 204; } ${locations.join(' ')} }\n`;
    const configuration = join(folder, 'nginx.conf');
    const user = process.getuid?.() === 0 ? 'user root;\n' : '';
    writeFileSync(configuration, user + nginxAround(nginxUpstreams(services, { keepalive: 8 }) + site, folder));
    nginx = await startOwnNginx(configuration, url);
  });
  afterAll(async () => {
    await nginx?.stop();
    instance.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['nobody', 502],
    ['drained', 502],
    ['six', 200],
  ])('starts, and answers for %s with %i', async (name, status) => {
    expect((await fetch(`${url}/${name}`)).status).toBe(status);
  });
});
