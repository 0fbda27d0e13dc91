import type { Instance } from '@rookery/discovery';
import { onWaiting, RookeryError, type Waiting } from '@rookery/observability';
import { describe, expect, it } from 'vitest';
import { advertisedAddress } from './advertised-address.ts';
import { register } from './register.ts';

const instance: Instance = { id: 'films-1', service: 'films', address: 'x', port: 1, weight: 1, metadata: {} };
const away = new RookeryError('DISCOVERY_UNREACHABLE', 'The registry does not answer.');

/** A registry that is away for the first calls. */
function awayFor(calls: number) {
  let asked = 0;
  return {
    get asked() {
      return asked;
    },
    register: async (registered: Instance) => {
      asked += 1;
      if (asked <= calls) throw away;
      return { instance: registered, release: async () => {} };
    },
  };
}

describe('registering', () => {
  it('asks again while the registry is away, and says each time what it waits for', async () => {
    const reports: Waiting[] = [];
    const stopListening = onWaiting((report) => reports.push(report));
    const registry = awayFor(3);
    const lease = await register(registry, instance, { firstPauseMs: 1 });
    stopListening();
    expect(lease.instance).toBe(instance);
    expect(registry.asked).toBe(4);
    expect(reports).toEqual(Array(3).fill({ for: 'registry', reason: 'The registry does not answer.' }));
  });

  it('gives up after its limit with a sentence that names the reason', async () => {
    await expect(
      register(awayFor(Number.POSITIVE_INFINITY), instance, { firstPauseMs: 1, giveUpAfterMs: 10 }),
    ).rejects.toThrow('The registry did not take this instance within 0.01 s: The registry does not answer.');
  });

  it('ends at once when the start is abandoned', async () => {
    const abandoned = new AbortController();
    const registering = register(awayFor(9), instance, {
      firstPauseMs: 60_000,
      giveUpAfterMs: 120_000,
      signal: abandoned.signal,
    });
    abandoned.abort();
    await expect(registering).rejects.toThrow(/abort/i);
  });
});

describe('the address in the registry', () => {
  const ipv4 = (address: string, internal: boolean) => ({ address, internal, family: 'IPv4' }) as never;

  it('is what was set, else the listen address, else the first outer one of the machine', () => {
    expect(advertisedAddress('0.0.0.0', 'films.internal')).toBe('films.internal');
    expect(advertisedAddress('127.0.0.1', undefined)).toBe('127.0.0.1');
    const interfaces = { lo: [ipv4('127.0.0.1', true)], eth0: [ipv4('10.0.0.7', false)] };
    expect(advertisedAddress('0.0.0.0', undefined, interfaces)).toBe('10.0.0.7');
    expect(advertisedAddress('::', undefined, { lo: [ipv4('127.0.0.1', true)] })).toBe('127.0.0.1');
  });
});
