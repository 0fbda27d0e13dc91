import Consul from 'consul';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RegistryProcess } from '../testing/registry-process.ts';

let registry: RegistryProcess;
beforeAll(async () => {
  registry = await RegistryProcess.start({ REGISTRY_TOKEN: 'old-owl, new-owl' });
}, 30_000);
afterAll(() => registry.stop());

const ask = async (path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(registry.url + path, { headers });
  return { status: response.status, text: await response.text() };
};
const PATH = '/v1/catalog/services';

describe('a registry with REGISTRY_TOKEN', () => {
  it('denies who has no token or another, in one line that shows none', async () => {
    expect(await ask(PATH)).toEqual({ status: 403, text: 'Permission denied: this registry asks for a token' });
    const wrong: Record<string, string>[] = [{ 'x-consul-token': 'swordfish' }, { authorization: 'Bearer swordfish' }];
    for (const headers of wrong) {
      expect(await ask(PATH, headers)).toEqual({ status: 403, text: 'ACL not found' });
    }
    for (const path of ['/v1/kv/a', '/v1/agent/self', '/v1/session/list', '/v1/status/leader', '/v1/health/state/any'])
      expect([path, (await ask(path)).status]).toEqual([path, 403]);
  });

  it('takes each of its tokens, wherever a client can put one', async () => {
    const basic = Buffer.from('anybody:new-owl').toString('base64');
    const ways: Record<string, string>[] = [
      { 'x-consul-token': 'old-owl' },
      { authorization: 'bearer new-owl' },
      { authorization: `Basic ${basic}` },
    ];
    for (const headers of ways) expect(await ask(PATH, headers)).toEqual({ status: 200, text: '{}' });
    expect(await ask(`${PATH}?token=new-owl`)).toMatchObject({ status: 200 });
    const consul = new Consul({ port: registry.port, defaults: { token: 'new-owl' } });
    expect(await consul.catalog.service.list()).toEqual({});
    consul.destroy();
  });

  it('is asked whether it is well without one', async () => {
    expect(await ask('/health/ready')).toMatchObject({ status: 200 });
  });
});
