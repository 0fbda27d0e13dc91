import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasNacos, type NacosServer, startNacos } from './nacos.ts';

const START_MS = 130_000;

describe.skipIf(!hasNacos)('a Nacos server of a suite', () => {
  let server: NacosServer;
  beforeAll(async () => {
    server = (await startNacos({ auth: true })) as NacosServer;
  }, START_MS);
  afterAll(() => server.stop());

  const login = (password: string) =>
    fetch(`${server.http}/v3/auth/user/login`, {
      method: 'POST',
      body: new URLSearchParams({ username: server.credentials.user, password }),
    });

  it('is a Nacos 3 whose gRPC listens 1000 ports above', async () => {
    expect(await server.administer('GET', '/v3/admin/core/state')).toMatchObject({
      version: expect.stringMatching(/^3\./),
      startup_mode: 'standalone',
    });
    const socket = connect({ port: server.grpcPort, host: '127.0.0.1' });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.destroy();
  });

  it('signs its user in, and nobody else', async () => {
    expect(await (await login(server.credentials.password)).json()).toHaveProperty('accessToken');
    expect((await login('swordfish')).ok).toBe(false);
    expect((await fetch(`${server.http}/v3/client/ns/instance/list?serviceName=a`)).status).toBe(403);
  });
});
