import { afterEach, expect, it } from 'vitest';
import { type Rig, startRig } from '../../testing/rig.ts';

let rig: Rig;
afterEach(() => rig?.close());

async function headersWith(settings: Record<string, unknown> = {}, path = '/api/films'): Promise<Headers> {
  rig = await startRig({
    routes: [{ id: 'all', path: '/api/**', service: 'catalog', filters: [{ name: 'security-headers', ...settings }] }],
  });
  const { port } = await rig.upstream((_request, response) =>
    response.writeHead(200, { 'x-powered-by': 'Express', 'x-frame-options': 'SAMEORIGIN' }).end(),
  );
  rig.registry.set('catalog', port);
  return (await fetch(rig.url + path)).headers;
}

it('what a service does not say is said for it, and what it says stands', async () => {
  expect(Object.fromEntries(await headersWith())).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'SAMEORIGIN',
    'referrer-policy': 'strict-origin-when-cross-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
});

it('what tells strangers too much is removed', async () => {
  expect((await headersWith()).get('x-powered-by')).toBeNull();
});

it('over plain HTTP nothing is said of TLS, unless a proxy ends it before', async () => {
  expect((await headersWith()).get('strict-transport-security')).toBeNull();
  await rig.close();
  const strictTransportSecurity = { always: true, includeSubDomains: true };
  expect((await headersWith({ strictTransportSecurity })).get('strict-transport-security')).toBe(
    'max-age=15552000; includeSubDomains',
  );
});

it('each can be changed, left out, or put in place of what the service says', async () => {
  const headers = await headersWith({
    frameOptions: 'DENY',
    referrerPolicy: false,
    contentSecurityPolicy: "default-src 'self'",
    override: true,
  });
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('referrer-policy')).toBeNull();
  expect(headers.get('content-security-policy')).toBe("default-src 'self'");
});

it('a value that would end the header is refused', async () => {
  await expect(headersWith({ frameOptions: 'DENY\r\nx: y' })).rejects.toThrow(/frameOptions/);
});
