import { get } from 'node:http';
import { connect } from 'node:net';
import type { Instance } from '../../discovery.ts';
import { servesGrpc } from './grpc-probe.ts';

/** How an instance is asked whether it serves. */
export interface ProbeRules {
  kind: 'http' | 'tcp' | 'grpc';
  /** For `http`. */
  path: string;
  /** For `grpc`: which of its services is asked about; the whole server when ''. */
  service: string;
  timeoutMs: number;
}

/** Asks one instance; answers whether it serves. Never rejects. */
export type Probe = (instance: Instance, rules: ProbeRules, signal: AbortSignal) => Promise<boolean>;

/** By HTTP (2xx is well), gRPC's health service or a mere connection, each time a new one: it also shows that new ones can be made. */
export const probe: Probe = (instance, rules, closed) => {
  const signal = AbortSignal.any([closed, AbortSignal.timeout(rules.timeoutMs)]);
  if (rules.kind === 'grpc') return servesGrpc(instance, rules, signal).catch(() => false);
  return rules.kind === 'http' ? answers(instance, rules.path, signal) : accepts(instance, signal);
};

const answers = ({ address, port }: Instance, path: string, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    const request = get({ host: address, port, path, agent: false, signal }, (response) => {
      const { statusCode = 0 } = response;
      response.on('error', () => {}).resume();
      resolve(statusCode >= 200 && statusCode < 300);
    });
    request.on('error', () => resolve(false));
  });

const accepts = ({ address, port }: Instance, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port, signal });
    const end = (ok: boolean) => {
      socket.destroy();
      resolve(ok);
    };
    socket.on('connect', () => end(true)).on('error', () => end(false));
  });
