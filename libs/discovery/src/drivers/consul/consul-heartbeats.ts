import { type ConsulConnection, saysForgotten } from '@rookery/connections/consul';
import type { Instance } from '../../discovery.ts';
import type { Heartbeats } from '../../heartbeat-lease.ts';
import { checkId, toRegistration } from './service-entry.ts';

/** An instance at an agent: a service with one TTL check, which each heartbeat passes. */
export function consulHeartbeats(instance: Instance, leaseMs: number, connection: ConsulConnection): Heartbeats {
  const { client } = connection;
  const id = checkId(instance.id);
  return {
    async register() {
      const registration = toRegistration(instance, leaseMs);
      await connection.call(`register ${instance.id}`, (options) =>
        client.agent.service.register({ ...registration, ...options }),
      );
    },
    async beat(signal) {
      const what = `take the heartbeat of ${id}`;
      try {
        await connection.call(what, (options) => client.agent.check.pass({ id, ...options }), { signal });
        return true;
      } catch (error) {
        if (saysForgotten(error)) return false;
        throw error;
      }
    },
    async deregister() {
      await connection.call(`deregister ${instance.id}`, (options) =>
        client.agent.service.deregister({ id: instance.id, ...options }),
      );
    },
  };
}
