import type { Address } from '@rookery/connections/testing';
import { hasEureka, type OwnServer, startOwnEureka } from '@rookery/servers';
import { describe, expect, it } from 'vitest';
import { createRegistry } from '../create-registry.ts';
import { type ClientOptions, registryContract } from '../testing/contract.ts';
import { serverUnderContract } from '../testing/server-under-contract.ts';

function client({ host, port }: Address, { tls }: ClientOptions = {}, user = '') {
  const ca = tls?.caFile === undefined ? '' : `&ca-file=${encodeURIComponent(tls.caFile)}`;
  return createRegistry(`eureka+${tls ? 'https' : 'http'}://${user}${host}:${port}/eureka?every=200ms${ca}`);
}

describe.skipIf(!hasEureka)('with a real Eureka', () => {
  registryContract('Eureka', {
    cannot: ['push', 'namespace'],
    // Whole seconds, which the server adds twice.
    leaseStepMs: 2_000,
    timeoutMs: 120_000,
    async start() {
      const open = (await startOwnEureka()) as OwnServer;
      const closed = (await startOwnEureka('hoot')) as OwnServer;
      const secured = { host: '127.0.0.1', port: Number(new URL(closed.url).port) };
      const as = (password: string) => client(secured, {}, `suite:${password}@`);
      return {
        ...serverUnderContract(open, client),
        credentials: { right: () => as('hoot'), wrong: () => as('swordfish'), secret: 'swordfish' },
        stop: async () => {
          await Promise.all([open.stop(), closed.stop()]);
        },
      };
    },
  });
});

describe('eureka+http://', () => {
  it('says what is wrong with its URL without its password', async () => {
    await expect(createRegistry('eureka+http://a:owl@host?evry=1s')).rejects.toThrow('"evry" is not one of every');
    await expect(createRegistry('eureka+http://a:owl@host?every=soon')).rejects.not.toThrow('owl');
  });
});
