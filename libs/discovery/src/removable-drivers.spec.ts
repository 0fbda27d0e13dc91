import { once } from 'node:events';
import { forkSource } from '@rookery/servers';
import { describe, expect, it } from 'vitest';

const GRPC = ['@grpc/grpc-js', '@grpc/proto-loader'];

/** A URL for each driver, and the npm packages that it needs and others can do without. */
const DRIVERS: Readonly<Record<string, readonly string[]>> = {
  'consul://127.0.0.1:1': ['consul'],
  'etcd://127.0.0.1:1': GRPC,
  'nacos://127.0.0.1:1': GRPC,
  'zookeeper://127.0.0.1:1': [],
  'eureka+http://127.0.0.1:1/eureka': [],
  'kubernetes+http://127.0.0.1:1?namespace=nest': [],
  'dns://127.0.0.1:1?http=_http._tcp.{service}.internal': [],
  'static:orders=127.0.0.1:1': [],
};
const packages = [...new Set(Object.values(DRIVERS).flat())];

async function openAllWithout(packageName: string): Promise<Record<string, string>> {
  const program = new URL('./testing/open-without.ts', import.meta.url);
  const child = forkSource(program, {}, [packageName, ...Object.keys(DRIVERS)]);
  const [outcomes] = (await once(child, 'message')) as [Record<string, string>];
  return outcomes;
}

describe('every driver is removable alone', { timeout: 60_000 }, () => {
  it.each(packages)('without %s its drivers say so in one sentence, and all others open', async (name) => {
    const missing = `DISCOVERY_URL needs the npm package ${name}, which is not installed: npm install ${name}.`;
    const outcomes = Object.entries(DRIVERS).map(([url, needs]) => [url, needs.includes(name) ? missing : 'opened']);
    expect(await openAllWithout(name)).toEqual(Object.fromEntries(outcomes));
  });
});
