import { describe, expect, it } from 'vitest';
import { type Rig, startRig } from '../testing/rig.ts';
import { AddressSet, forwardedChain, plainAddress } from './trusted-proxies.ts';

const trusted = new AddressSet(['10.0.0.0/8', '::1', '127.0.0.1']);

describe('the client behind trusted proxies', () => {
  it.each<[string, string, string | undefined, string]>([
    ['nobody forwarded', '10.0.0.1', undefined, '10.0.0.1'],
    ['a proxy names it', '10.0.0.1', '203.0.113.7', '203.0.113.7, 10.0.0.1'],
    ['two proxies', '10.0.0.1', '203.0.113.7, 10.0.0.2', '203.0.113.7, 10.0.0.2, 10.0.0.1'],
    ['the client lied', '10.0.0.1', '10.9.9.9, 203.0.113.7', '203.0.113.7, 10.0.0.1'],
    ['rubbish', '10.0.0.1', '203.0.113.7, <script>', '10.0.0.1'],
    ['the peer is not trusted', '203.0.113.9', '10.0.0.5', '203.0.113.9'],
    ['IPv4 in IPv6', '10.0.0.1', '::ffff:203.0.113.7', '203.0.113.7, 10.0.0.1'],
  ])('%s', (_name, peer, forwardedFor, expected) => {
    expect(forwardedChain(peer, forwardedFor, trusted).join(', ')).toBe(expected);
  });

  it('an IPv4 address of a dual-stack socket is a plain one', () => {
    expect([plainAddress('::ffff:10.0.0.1'), plainAddress('::1')]).toEqual(['10.0.0.1', '::1']);
  });
});

describe('given a gateway', () => {
  const seen = async (settings: Record<string, unknown>) => {
    const rig: Rig = await startRig({
      routes: [
        { id: 'inner', path: '/api/{service}/**', service: '{service}', when: { remoteAddresses: ['203.0.113.0/24'] } },
        { id: 'outer', path: '/api/{service}/**', service: '{service}' },
      ],
      ...settings,
    });
    const { port } = await rig.upstream((request, response) => void response.end(JSON.stringify(request.headers)));
    rig.registry.set('catalog', port);
    const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.7', 'x-forwarded-proto': 'https' };
    const response = await fetch(`${rig.url}/api/catalog/x`, { headers });
    const answered = (await response.json()) as Record<string, string>;
    await rig.close();
    return [answered['x-forwarded-for'], answered['x-forwarded-proto'], rig.log.at(-1)?.route];
  };

  it('what a trusted proxy says of the client counts for routes and goes on', async () => {
    expect(await seen({ trustedProxies: ['127.0.0.0/8'] })).toEqual(['203.0.113.7, 127.0.0.1', 'https', 'inner']);
  });

  it('nobody else is believed', async () => {
    expect(await seen({ trustedProxies: ['192.0.2.0/24'] })).toEqual(['127.0.0.1', 'http', 'outer']);
    expect(await seen({})).toEqual(['127.0.0.1', 'http', 'outer']);
  });
});
