import { once } from 'node:events';
import { forkSource } from '@rookery/servers';
import { describe, expect, it } from 'vitest';

/** A URL for each driver, and the npm packages that are for it alone. */
const DRIVERS: Readonly<Record<string, readonly string[]>> = {
  'consul://127.0.0.1:1': ['consul'],
  'etcd://127.0.0.1:1': ['@grpc/grpc-js', '@grpc/proto-loader'],
  'zookeeper://127.0.0.1:1': [],
  'eureka+http://127.0.0.1:1/eureka': [],
  'kubernetes+http://127.0.0.1:1?namespace=nest': [],
  'dns://127.0.0.1:1?http=_http._tcp.{service}.internal': [],
  'static:orders=127.0.0.1:1': [],
};
const clients = Object.entries(DRIVERS).flatMap(([url, packages]) => packages.map((name) => [name, url] as const));

async function openAllWithout(packageName: string): Promise<Record<string, string>> {
  const program = new URL('./testing/open-without.ts', import.meta.url);
  const child = forkSource(program, {}, [packageName, ...Object.keys(DRIVERS)]);
  const [outcomes] = (await once(child, 'message')) as [Record<string, string>];
  return outcomes;
}

describe('every driver is removable alone', { timeout: 60_000 }, () => {
  it.each(clients)('without %s its driver says so in one sentence, and all others open', async (name, own) => {
    const others = Object.keys(DRIVERS).filter((url) => url !== own);
    expect(await openAllWithout(name)).toEqual({
      ...Object.fromEntries(others.map((url) => [url, 'opened'])),
      [own]: `DISCOVERY_URL needs the npm package ${name}, which is not installed: npm install ${name}.`,
    });
  });
});
