import { afterEach, expect, it, vi } from 'vitest';
import { createCoordination } from './create-coordination.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const message = (url?: string) =>
  createCoordination(url).then(
    () => '',
    (error: Error) => error.message,
  );

it('refuses what it cannot use in one sentence that names COORDINATION_URL and shows no password', async () => {
  expect(await message('gopher://host')).toMatch(/^COORDINATION_URL has the scheme "gopher", which no driver serves;/);
  expect(await message('etcd://owl:hoot@host?wait=1s')).toMatch(/^COORDINATION_URL is .*"wait" is not one of/);
  expect(await message('zookeeper://')).toMatch('it is not of the form zookeeper://host:2181');
  expect(await message('redis://a:1,b:2')).toMatch('it names several servers');
  expect(await message('consul://host?token=hoot&wiat=1s')).toMatch('"wiat" is not one of token');
  for (const url of ['etcd://owl:hoot@host?wait=1s', 'consul://host?token=hoot&wiat=1s', 'postgres:///x']) {
    expect(await message(url)).not.toMatch('hoot');
  }
});

it('is on DATABASE_URL where COORDINATION_URL is unset, and says so where neither is', async () => {
  vi.stubEnv('COORDINATION_URL', '');
  vi.stubEnv('DATABASE_URL', '');
  expect(await message()).toMatch(/^Neither COORDINATION_URL nor DATABASE_URL is set/);
  vi.stubEnv('DATABASE_URL', 'postgres://owl:hoot@127.0.0.1:1/nest');
  const coordination = await createCoordination();
  await expect(coordination.counter('a').value()).rejects.toThrow(
    /^The coordination engine at 127.0.0.1:1 \(COORDINATION_URL\) does not answer: connection refused/,
  );
  await coordination.close();
});
