import { type ConsulConnection, saysForgotten } from '@rookery/connections/consul';
import type { Instance } from '../../discovery.ts';
import type { Heartbeats } from '../../heartbeat-lease.ts';
import { type HeartbeatStream, NoStream } from './heartbeat-stream.ts';
import { checkId, toRegistration } from './service-entry.ts';

const STREAM_DEADLINE_MS = 2_000;

/**
 * An instance at an agent: a service with one TTL check, which each heartbeat passes: as a line on the client's stream
 * where the server takes those (the embedded registry), else by Consul's request.
 */
export function consulHeartbeats(
  instance: Instance,
  leaseMs: number,
  connection: ConsulConnection,
  stream: HeartbeatStream,
): Heartbeats {
  const { client } = connection;
  const id = checkId(instance.id);
  let path: string | undefined;
  let nextInMs: number | undefined;
  let lost: (() => void) | undefined;
  const pass = async (signal: AbortSignal): Promise<boolean> => {
    try {
      const what = `take the heartbeat of ${id}`;
      await connection.call(what, (options) => client.agent.check.pass({ id, ...options }), { signal });
      return true;
    } catch (error) {
      if (saysForgotten(error)) return false;
      throw error;
    }
  };
  return {
    nextInMs: () => nextInMs,
    onLost(hurry) {
      lost = hurry;
      stream.onLost.add(hurry);
    },
    async register() {
      const registration = toRegistration(instance, leaseMs);
      const answer = await connection.call(`register ${instance.id}`, (options) =>
        client.agent.service.register({ ...registration, ...options }),
      );
      const told = answer.headers['x-rookery-heartbeats'];
      path = typeof told === 'string' ? told : undefined;
      nextInMs = undefined;
    },
    async beat(signal) {
      if (path === undefined) return pass(signal);
      try {
        nextInMs = undefined;
        const wantedMs = await stream.beat(path, id, Math.min(STREAM_DEADLINE_MS, leaseMs / 4));
        if (wantedMs > 0) nextInMs = wantedMs;
        return wantedMs > 0;
      } catch (error) {
        if (!(error instanceof NoStream)) throw error;
        path = undefined;
        return pass(signal);
      }
    },
    async deregister() {
      if (lost) stream.onLost.delete(lost);
      await connection.call(`deregister ${instance.id}`, (options) =>
        client.agent.service.deregister({ id: instance.id, ...options }),
      );
    },
  };
}
