import { setTimeout as delay } from 'node:timers/promises';
import type { Instance, Lease, Registry } from '@rookery/discovery';
import { reportWaiting } from '@rookery/observability';
import { serviceErrors } from '../errors/service-errors.ts';

export interface RegistrationLimits {
  /** How long to go on asking, in ms. */
  giveUpAfterMs?: number;
  firstPauseMs?: number;
  longestPauseMs?: number;
  signal?: AbortSignal;
}

/** Registers an instance; while the registry is away says so and asks again, ever more slowly, up to the limit. */
export async function register(
  registry: Pick<Registry, 'register'>,
  instance: Instance,
  { giveUpAfterMs = 60_000, firstPauseMs = 50, longestPauseMs = 1_000, signal }: RegistrationLimits = {},
): Promise<Lease> {
  const startedAtMs = performance.now();
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    signal?.throwIfAborted();
    try {
      return await registry.register(instance);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (performance.now() - startedAtMs + pauseMs > giveUpAfterMs) {
        throw serviceErrors.notRegistered(giveUpAfterMs, reason, error);
      }
      reportWaiting('registry', reason);
      await delay(pauseMs, undefined, { signal });
    }
  }
}
