import { afterEach, expect, it } from 'vitest';
import { type Rig, startRig } from '../../testing/rig.ts';

let rig: Rig;
afterEach(() => rig?.close());

/** Who stands before the gateway is a proxy that it trusts: clients have the addresses that this names. */
async function statusesFor(filters: unknown[], ...clients: string[]) {
  rig = await startRig({
    trustedProxies: ['127.0.0.1'],
    routes: [{ id: 'all', path: '/api/**', service: 'catalog', filters }],
  });
  const { port } = await rig.upstream((_request, response) => response.end('films'));
  rig.registry.set('catalog', port);
  const answers = clients.map((client) => fetch(`${rig.url}/api/x`, { headers: { 'x-forwarded-for': client } }));
  return Promise.all(
    answers.map(async (answer) => {
      const { status, headers } = await answer;
      return status === 200 ? 200 : `${status} ${headers.get('x-refused-by')}`;
    }),
  );
}

it('only those who are allowed may call', async () => {
  const allow = { name: 'ip-allow', addresses: ['10.0.0.0/8', '2001:db8::/32'] };
  expect(await statusesFor([allow], '10.1.2.3', '2001:db8::1', '11.1.2.3', '2001:db9::1', '::ffff:10.1.2.3')).toEqual([
    200,
    200,
    '403 ip-allow',
    '403 ip-allow',
    200,
  ]);
});

it('those who are denied may not, also among those who are allowed', async () => {
  const filters = [
    { name: 'ip-allow', addresses: ['10.0.0.0/8'] },
    { name: 'ip-deny', addresses: ['10.6.6.6'] },
  ];
  expect(await statusesFor(filters, '10.1.2.3', '10.6.6.6')).toEqual([200, '403 ip-deny']);
});

it('a range that is none is refused with its path', async () => {
  await expect(statusesFor([{ name: 'ip-deny', addresses: ['10.0.0.0/33'] }])).rejects.toThrow(/addresses/);
});
