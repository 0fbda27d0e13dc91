import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect } from 'node:net';
import type { CheckStatus, Probe } from '../domain/service-record.ts';

export interface Finding {
  status: CheckStatus;
  output: string;
}

type HttpTarget = Extract<Probe['target'], { kind: 'http' }>;
type TcpTarget = Extract<Probe['target'], { kind: 'tcp' }>;

/** Looks once. Never throws: what does not answer is critical. */
export async function look({ target, timeoutMs }: Probe, closed: AbortSignal): Promise<Finding> {
  const signal = AbortSignal.any([closed, AbortSignal.timeout(timeoutMs)]);
  try {
    return target.kind === 'http' ? await lookHttp(target, signal) : await lookTcp(target, signal);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = signal.aborted ? `no answer within ${timeoutMs} ms` : (code ?? message);
    return { status: 'critical', output: `${nameOf(target)}: ${reason}` };
  }
}

const nameOf = (target: Probe['target']): string =>
  target.kind === 'http' ? `HTTP ${target.method} ${target.url}` : `TCP connect ${target.host}:${target.port}`;

/** 2xx is passing, 429 warning, all else critical; a redirect is not followed. What was answered is not shown to anybody. */
function lookHttp(target: HttpTarget, signal: AbortSignal): Promise<Finding> {
  const { promise, resolve, reject } = Promise.withResolvers<Finding>();
  const { url, method, headers, body, anyCertificate } = target;
  const ask = url.startsWith('https:') ? tlsRequest : plainRequest;
  const defaults = {
    'user-agent': ['Rookery Health Check'],
    accept: ['text/plain, text/*, */*'],
    connection: ['close'],
  };
  const sent = Object.fromEntries(
    Object.entries({ ...defaults, ...headers }).map(([name, values]) => [name.toLowerCase(), values]),
  );
  const asked = ask(url, { method, headers: sent, signal, agent: false, rejectUnauthorized: !anyCertificate });
  asked.once('response', (response) => {
    const { statusCode = 0, statusMessage = '' } = response;
    response.destroy();
    const status = statusCode === 429 ? 'warning' : statusCode >= 200 && statusCode < 300 ? 'passing' : 'critical';
    resolve({ status, output: `${nameOf(target)}: ${statusCode} ${statusMessage}` });
  });
  asked.on('error', reject);
  asked.end(body);
  return promise;
}

function lookTcp(target: TcpTarget, signal: AbortSignal): Promise<Finding> {
  const { promise, resolve, reject } = Promise.withResolvers<Finding>();
  const socket = connect({ host: target.host, port: target.port, signal });
  socket.on('error', reject);
  socket.once('connect', () => {
    socket.destroy();
    resolve({ status: 'passing', output: `${nameOf(target)}: Success` });
  });
  return promise;
}
