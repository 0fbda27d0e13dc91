import { readFileSync } from 'node:fs';
import { hasSpringCloud, type SpringService, startSpringService } from '@rookery/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedPlatform } from '../platform/shared.ts';
import { call } from './client.ts';

const DOCS = readFileSync(new URL('../../docs/discovery.md', import.meta.url), 'utf8');

interface Entry {
  Service: { Address: string; Port: number; Meta: Record<string, string> };
}

const nacosSettings = (version: string) => ({
  'spring.cloud.nacos.discovery.ip': '127.0.0.1',
  'spring.cloud.nacos.discovery.cluster-name': 'eu-1b',
  'spring.cloud.nacos.discovery.heart-beat-interval': 1_000,
  'spring.cloud.nacos.discovery.heart-beat-timeout': 6_000,
  'spring.cloud.nacos.discovery.metadata.version': version,
});

/** What differs between the clients that a Spring service is found by. */
const CLIENTS = [
  {
    title: 'the client of Eureka',
    client: 'eureka',
    starter: 'spring-cloud-starter-netflix-eureka-client',
    name: 'greetings',
    settings: (version: string) => ({
      'eureka.instance.ip-address': '127.0.0.1',
      'eureka.instance.lease-renewal-interval-in-seconds': 1,
      'eureka.instance.lease-expiration-duration-in-seconds': 3,
      'eureka.instance.metadata-map.version': version,
      'eureka.instance.metadata-map.zone': 'eu-1b',
      'eureka.client.registry-fetch-interval-seconds': 1,
    }),
    goodbye: 'deregister  status: 200',
  },
  {
    title: 'the client of Nacos by HTTP (Spring Cloud Alibaba 2021.1)',
    client: 'alibaba',
    starter: 'spring-cloud-starter-alibaba-nacos-discovery',
    name: 'salutes',
    settings: nacosSettings,
    goodbye: 'De-registration finished.',
  },
  {
    title: 'the client of Nacos by gRPC (Spring Cloud Alibaba 2025.0)',
    client: 'nacos',
    starter: 'spring-cloud-starter-alibaba-nacos-discovery',
    name: 'welcomes',
    settings: nacosSettings,
    goodbye: 'De-registration finished.',
  },
] as const;

/** The application.yml of the docs for this starter. */
const yamlOf = (starter: string): string =>
  [...DOCS.matchAll(/```yaml\n(# application\.yml [^`]*)```/g)]
    .map(([, yaml = '']) => yaml)
    .find((yaml) => yaml.includes(starter)) ?? '';

for (const { title, client, starter, name, settings, goodbye } of CLIENTS) {
  describe.skipIf(!hasSpringCloud)(`a service of Spring Cloud with ${title}`, { timeout: 60_000 }, () => {
    const platform = sharedPlatform();
    const registry = platform.urls('registry')[0] ?? '';
    const running: SpringService[] = [];
    let first: SpringService;
    let second: SpringService;

    const start = async (version: string): Promise<SpringService> => {
      // Where this platform's registry is.
      const yaml = yamlOf(starter).replace('127.0.0.1:8500', new URL(registry).host);
      const service = await startSpringService({ client, name, yaml, settings: settings(version) });
      running.push(service);
      return service;
    };
    const registered = async (): Promise<Entry['Service'][]> => {
      const { body } = await call(`${registry}/v1/health/service/${name}?passing`);
      return (body as Entry[]).map(({ Service }) => Service);
    };
    const throughTheGateway = (path: string) => call(`${platform.gatewayUrl}/api/${name}${path}`);
    const ports = async () => (await registered()).map(({ Port }) => Port);

    beforeAll(async () => {
      [first, second] = await Promise.all([start('1'), start('2')]);
    }, 180_000);
    afterAll(async () => {
      await Promise.all(running.map((service) => service.stop()));
    });

    test('stands in the registry with its address, its port and its metadata', async () => {
      await expect.poll(ports, { timeout: 30_000 }).toHaveLength(2);
      for (const [version, { port }] of [first, second].entries()) {
        expect(await registered()).toContainEqual(
          expect.objectContaining({
            ...{ Address: '127.0.0.1', Port: port },
            Meta: expect.objectContaining({ version: String(version + 1), 'rookery-zone': 'eu-1b' }),
          }),
        );
      }
    });

    test('is called through the gateway, each of its instances', async () => {
      const seen = new Set<number>();
      const asked = async () => {
        const { status, body } = await throughTheGateway('/self');
        if (status === 200) seen.add(body.port);
        return [...seen].sort();
      };
      await expect.poll(asked, { timeout: 20_000 }).toEqual([first.port, second.port].sort());
    });

    test('sees the services of the platform, and calls one by its name', async () => {
      const catalog = platform.urls('catalog').map((url) => new URL(url).host);
      const seen = async () => (await call(`${first.url}/neighbours/catalog`)).body.sort();
      await expect.poll(seen, { timeout: 20_000 }).toEqual(catalog.sort());
      const path = encodeURIComponent('/api/catalog/films?page=1');
      const { status, body } = await throughTheGateway(`/call/catalog?path=${path}`);
      expect(status).toBe(200);
      expect(JSON.parse(body).items.length).toBeGreaterThan(0);
    });

    test('leaves when it is stopped, and is gone within its lease when it is killed; no caller notices the stop', async () => {
      let asking = true;
      const answers = new Set<number>();
      const callers = (async () => {
        while (asking) answers.add((await throughTheGateway('/self')).status);
      })();
      // Its process may go on for seconds after it has left.
      first.terminate();
      await expect.poll(() => first.output(), { timeout: 30_000 }).toContain(goodbye);
      expect(await ports()).toEqual([second.port]);
      asking = false;
      await callers;
      expect([...answers]).toEqual([200]);
      await second.kill();
      await expect.poll(ports, { timeout: 20_000 }).toEqual([]);
      await expect.poll(async () => (await throughTheGateway('/self')).status, { timeout: 20_000 }).toBe(503);
    });
  });
}
