import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv4 } from 'node:net';
import { RookeryError } from '@rookery/observability';
import { bearerToken, implies, type VerifiedToken } from '@rookery/security';
import { plainAddress } from '../request/trusted-proxies.ts';
import type { AdminGuard } from './admin-server.ts';

export const ADMIN_PERMISSION = 'gateway:admin';
/** Numbers without names: what Prometheus reads, from wherever the port is open to it. */
const METRICS = '/metrics';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Lets in who is on this machine; anybody else with a token that grants {@link ADMIN_PERMISSION}, and to the metrics. */
export function adminGuard(verify: (token: string) => Promise<VerifiedToken>): AdminGuard {
  return async (request) => {
    if (isLocal(request) || request.url?.split('?', 1)[0] === METRICS) return;
    const token = bearerToken(request.headers.authorization);
    if (token === undefined)
      throw new RookeryError(
        'TOKEN_MISSING',
        `From elsewhere than this machine, or through a proxy, the admin port wants a token that grants ${ADMIN_PERMISSION}: send it as "Authorization: Bearer <token>".`,
        { status: 401 },
      );
    const { principal } = await verify(token);
    if (!principal.permissions.some((granted) => implies(granted, ADMIN_PERMISSION)))
      throw new RookeryError('FORBIDDEN', `The token does not grant ${ADMIN_PERMISSION}.`, { status: 403 });
  };
}

function isLocal({ socket, headers }: IncomingMessage): boolean {
  const address = plainAddress(socket.remoteAddress ?? '');
  // What a proxy on this machine passes on may come from anywhere.
  const passedOn = Object.keys(headers).some((name) => name === 'forwarded' || name.startsWith('x-forwarded-'));
  return !passedOn && address !== '' && loopback.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}
