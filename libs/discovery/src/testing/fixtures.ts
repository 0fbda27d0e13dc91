import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Instance } from '../discovery.ts';

const LOOK_EVERY_MS = 15;

/** Waits until `check` answers something true, and answers that. */
export async function until<T>(what: string, check: () => T | Promise<T>, withinMs = 10_000): Promise<NonNullable<T>> {
  const endsAtMs = performance.now() + withinMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (performance.now() > endsAtMs) throw new Error(`Not within ${Math.round(withinMs)} ms: ${what}`);
    await delay(LOOK_EVERY_MS);
  }
}

/** A service name that no other test uses. */
export const serviceName = (): string => `contract-${randomBytes(6).toString('hex')}`;

export function anInstance({ service = serviceName(), ...facts }: Partial<Instance>): Instance {
  return { id: `${service}-1`, service, address: '127.0.0.1', port: 3_000, weight: 1, metadata: {}, ...facts };
}

export const idsOf = (instances: readonly Instance[]): string[] => instances.map(({ id }) => id);
