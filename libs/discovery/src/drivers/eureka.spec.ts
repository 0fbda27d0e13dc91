import { type Address, makeAuthority } from '@rookery/connections/testing';
import { hasEureka, type OwnServer, startOwnEureka } from '@rookery/servers';
import { describe, expect, it } from 'vitest';
import { createRegistry } from '../create-registry.ts';
import { type ClientOptions, type ClientTls, registryContract } from '../testing/contract.ts';
import { serverUnderContract, tlsAddressOf, tlsOf } from '../testing/server-under-contract.ts';

function client({ host, port }: Address, options: ClientOptions = {}, user = '') {
  const { suffix, parameters } = tlsOf(options, 's');
  return createRegistry(`eureka+http${suffix}://${user}${host}:${port}/eureka?every=200ms${parameters}`);
}

describe.skipIf(!hasEureka)('with a real Eureka', () => {
  registryContract('Eureka', {
    cannot: ['push', 'namespace'],
    // Whole seconds, which the server adds twice.
    leaseStepMs: 2_000,
    timeoutMs: 120_000,
    async start() {
      const open = (await startOwnEureka()) as OwnServer;
      const authority = makeAuthority();
      const { caFile } = authority;
      const closed = (await startOwnEureka('hoot', { caFile, ...authority.server })) as OwnServer;
      const as = (password: string, tls: ClientTls = { caFile, ...authority.client }) =>
        client(tlsAddressOf(closed), { tls }, `suite:${password}@`);
      return {
        ...serverUnderContract(open, client),
        credentials: { right: () => as('hoot'), wrong: () => as('swordfish'), secret: 'swordfish' },
        mutualTls: { authority, createRegistry: (tls) => as('hoot', tls) },
        stop: async () => {
          await Promise.all([open.stop(), closed.stop()]);
          authority.remove();
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
