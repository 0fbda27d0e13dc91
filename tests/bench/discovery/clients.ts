// Stands for many processes: each client of our driver has connections of its own, registers one instance and heartbeats.
import { setTimeout as pause } from 'node:timers/promises';
import { createRegistry } from '@rookery/discovery';

export interface ClientsOrder {
  url: string;
  /** Number of the first one; the others follow. */
  from: number;
  count: number;
  services: number;
}

/** Registered side by side. */
const AT_ONCE = 50;
const MAX_TRIES = 20;

const one = async ({ url, services }: ClientsOrder, number: number): Promise<void> => {
  const registry = await createRegistry(url);
  const service = `service-${number % services}`;
  const address = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
  const metadata = { version: '1.4.2', openapi: '/openapi.json' };
  const instance = { id: `${service}-${number}`, service, address, port: 3_000, grpcPort: 4_000, weight: 1, metadata };
  // As a service that starts: it tries again while the registry is busy with the others.
  for (let tries = 1; ; tries++) {
    try {
      await registry.register(instance);
      return;
    } catch (error) {
      if (tries === MAX_TRIES) throw error;
      await pause(1_000 * Math.random());
    }
  }
};

process.on('message', async (order: ClientsOrder) => {
  for (let done = 0; done < order.count; done += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, order.count - done) }, (_, at) => order.from + done + at);
    await Promise.all(numbers.map((number) => one(order, number)));
  }
  process.send?.({ registered: order.count });
});
