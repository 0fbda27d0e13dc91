import { makeCertificate } from '@rookery/connections/testing';
import { expect } from 'vitest';
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
