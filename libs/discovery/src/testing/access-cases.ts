import { readFileSync } from 'node:fs';
import { makeAuthority, makeCertificate } from '@rookery/connections/testing';
import { expect } from 'vitest';
import type { RegistryServer } from './engine.ts';
import { until } from './fixtures.ts';
import type { Stage } from './stage.ts';

/** Namespaces, TLS and credentials. */
export function accessCases({ can, anInstance, open, kept, register, proxied, server }: Stage): void {
  can('namespace')('keeps namespaces apart', async () => {
    const [registry, other] = [await open(), await open(undefined, { namespace: 'elsewhere' })];
    const instance = anInstance({});
    await register(registry, instance);
    await until('it is listed', async () => (await registry.instances(instance.service)).length === 1);
    expect(await other.instances(instance.service)).toEqual([]);
    expect(await other.services()).not.toContain(instance.service);
  });

  can('tls')('speaks TLS with a server that it trusts, and with no other', async () => {
    const certificate = makeCertificate();
    const proxy = await proxied(certificate);
    const registry = await open(proxy.address, { tls: { caFile: certificate.caFile } });
    const instance = anInstance({});
    await register(registry, instance);
    await until('it is listed', async () => (await registry.instances(instance.service)).length === 1);
    certificate.remove();
    await expect((await open(proxy.address, { tls: {} })).services()).rejects.toMatchObject({
      code: 'DISCOVERY_UNREACHABLE',
      message: expect.stringMatching(/certificate/),
    });
  });

  can('client-certificate')('shows its certificate to a server that demands one, which takes no other', async () => {
    const { authority, createRegistry } = server().mutualTls ?? (await behindProxy());
    const stranger = makeAuthority();
    const { caFile, client } = authority;
    const known = kept(await createRegistry({ caFile, ...client }));
    const instance = anInstance({});
    await register(known, instance);
    await until('it is listed', async () => (await known.instances(instance.service)).length === 1);
    const refused = {
      'without a certificate': { caFile },
      'with that of another authority': { caFile, ...stranger.client },
      'trusting another authority': { caFile: stranger.caFile, ...client },
    };
    // The server of Node, which the proxy is, ends some of these connections without a word.
    const reason = server().mutualTls ? /^.*DISCOVERY_URL.*certificate.*$/ : /^.*DISCOVERY_URL.*$/;
    for (const [who, tls] of Object.entries(refused)) {
      const registry = kept(await createRegistry(tls));
      // What was written just before the server hung up may fail first, and then says nothing of the reason.
      await until(`the one ${who} is told why`, async () => {
        const refusal = await registry.services().then(
          () => new Error(`the one ${who} was answered`),
          (error: Error) => error,
        );
        expect(refusal).toMatchObject({ code: expect.stringMatching(/^DISCOVERY_(?:UNREACHABLE|REFUSED)$/) });
        return reason.test(refusal.message);
      });
    }
    await until('the known one is still served', async () => (await known.services()).includes(instance.service));
    stranger.remove();
    if (!server().mutualTls) authority.remove();
  });

  /** What stands for a server's own TLS. */
  async function behindProxy(): Promise<NonNullable<RegistryServer['mutualTls']>> {
    const authority = makeAuthority();
    const { certFile, keyFile } = authority.server;
    const [cert, key, clientCa] = [certFile, keyFile, authority.caFile].map((file) => readFileSync(file));
    if (!cert || !key || !clientCa) throw new Error('three files');
    const proxy = await proxied({ cert, key, clientCa });
    return { authority, createRegistry: (tls) => open(proxy.address, { tls }) };
  }

  can('credentials')('is asked for credentials, which no message shows', async () => {
    const { credentials } = server();
    if (!credentials) throw new Error('The server says no credentials: add the capability to cannot.');
    const { right, wrong, secret } = credentials;
    const [known, unknown] = [kept(await right()), kept(await wrong())];
    const instance = anInstance({});
    await known.register(instance);
    await until('it is listed', async () => (await known.instances(instance.service)).length === 1);
    for (const call of [() => unknown.register(anInstance({})), () => unknown.instances(instance.service)]) {
      const error = await call().then(
        () => new Error('it was answered'),
        (refusal: Error) => refusal,
      );
      expect(error).toMatchObject({ code: 'DISCOVERY_REFUSED', message: expect.stringContaining('DISCOVERY_URL') });
      expect(error.message).not.toContain(secret);
    }
  });
}
