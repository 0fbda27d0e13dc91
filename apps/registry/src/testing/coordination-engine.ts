import type { ClientOptions, Engine } from '@rookery/coordination/testing';

/** A session's TTL is at least 10 s, and may be over up to twice that later. */
export const LEASE = { leaseMs: 10_000, freedWithinMs: 20_000 };

/** An engine that speaks Consul's HTTP API, as the contract of coordination drives it. */
export function engineAt(port: number, more: Pick<Engine, 'stop'> & Partial<Engine>): Engine {
  const address = { host: '127.0.0.1', port };
  return {
    address,
    url({ at = address, tls, namespace = '' }: ClientOptions = {}) {
      const query = tls?.caFile ? `?ca-file=${encodeURIComponent(tls.caFile)}` : '';
      return `${tls ? 'https' : 'consul'}://${at.host}:${at.port}/${namespace}${query}`;
    },
    async waiting(lock) {
      const signal = AbortSignal.timeout(5_000);
      const response = await fetch(`http://127.0.0.1:${port}/v1/session/list`, { signal });
      const sessions = (await response.json()) as Array<{ Name: string }>;
      return Math.max(sessions.filter(({ Name }) => Name === `lock ${lock}`).length - 1, 0);
    },
    ...more,
  };
}
