import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RawHandler } from '@rookery/service';
import { setRoute } from '@rookery/service';
import { Refusal } from '../domain/refusal.ts';
import type { ServiceStore } from '../domain/service-store.ts';
import type { TokenGuard } from './token.guard.ts';

const PREFIX = '/v1/agent/check/pass/';
/** Behind the prefix: one segment as it is, without a note. */
const PLAIN_ID = /^[\w.~:@!$&'()*+,;=-]+$/;

/**
 * Takes heartbeats by Consul's request ahead of the framework, since they are nearly all that a registry is asked: the plain
 * one that succeeds, and no other. What is refused, has a note, or is written in another way goes to the controller, which
 * answers the same.
 */
export function quickHeartbeat(
  services: Pick<ServiceStore, 'check' | 'report'>,
  guard: Pick<TokenGuard, 'check'>,
): RawHandler {
  return (request, response) => {
    const { method, url = '' } = request;
    if (method !== 'PUT' || !url.startsWith(PREFIX) || hasBody(request)) return false;
    const id = url.slice(PREFIX.length);
    if (!PLAIN_ID.test(id)) return false;
    const check = services.check(id);
    if (!check || check.probe || !isLetIn(request, guard)) return false;
    services.report(id, 'passing', '');
    setRoute(request, `${PREFIX}:id`);
    answerNothing(response);
    return true;
  };
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

function isLetIn(request: IncomingMessage, guard: Pick<TokenGuard, 'check'>): boolean {
  try {
    guard.check(request);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function answerNothing(response: ServerResponse): void {
  response.setHeader('content-length', '0');
  response.end();
}
