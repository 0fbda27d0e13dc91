/**
 * Engine: one Redis, 6 and newer. Tested on 7.0.
 * Client: @redis/client, the official one. npm `redlock` has no token, and its quorum does not give one either.
 * A lock is the key `<namespace>:lock:<name>`, set with NX and PX in a script that draws the token; extending and releasing
 * are scripts that look first whose it is. A waiter asks again after 25 to 100 ms. The token is the last one plus one, and
 * at least the server's clock in microseconds, so that it grows too where Redis lost what it knew.
 * Does not guarantee: fair order; that a lock survives the loss of data (a restart without persistence, a failover to a
 * replica that had not heard of it): two may hold it then, until the first one renews, and only a resource that looks at
 * the token is safe. Nor that tokens grow where a server whose clock is behind took over. Where that matters, take
 * ZooKeeper, etcd, Consul or Postgres.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { parseServerUrl, reasonOf, type ServerUrl } from '@rookery/connections';
import type { Coordination, Holder } from '../coordination.ts';
import type { CoordinationOptions } from '../create-coordination.ts';
import { assertName, type Claim, DriverCoordination, safe } from '../driver-coordination.ts';
import { errors } from '../errors.ts';
import type { LeasedLock } from '../leased-lock.ts';

const NAMESPACE = 'rookery:coordination';
const DEADLINE_MS = 2_000;
const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS] = [25, 100];
const LONGEST_RECONNECT_MS = 1_000;

/** KEYS: lock, last token. ARGV: id, owner, lease. Answers the value that was set. */
const TAKE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return nil end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local token = string.format('%.0f', math.max((tonumber(redis.call('GET', KEYS[2])) or 0) + 1, now))
local value = ARGV[1] .. ' ' .. token .. ' ' .. ARGV[2]
if not redis.call('SET', KEYS[1], value, 'NX', 'PX', ARGV[3]) then return nil end
redis.call('SET', KEYS[2], token)
return value`;
const EXTEND = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;
const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;
const COMPARE_AND_SET = `
if (tonumber(redis.call('GET', KEYS[1])) or 0) ~= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`;

/** @param url `redis://user:password@host:6379/0?namespace=…`; `rediss://` with `ca-file`, … */
export function createRedisCoordination(url: string, options: CoordinationOptions = {}): Coordination {
  const form = { example: 'redis://host:6379', port: 6379, secureSchemes: ['rediss'], parameters: ['namespace'] };
  const address = parseServerUrl(url, form, errors);
  if (address.endpoints.length > 1) throw address.bad('it names several servers, and a lock lives in one');
  if (!/^\d*$/.test(address.path)) throw address.bad(`the database ${address.path} is no number`);
  return new RedisCoordination(address, options);
}

class RedisCoordination extends DriverCoordination {
  readonly #root: string;
  readonly #client: ReturnType<typeof clientOf>;
  #connecting: Promise<unknown> | undefined;
  #error: unknown;
  #disconnected = false;

  constructor(
    private readonly url: ServerUrl,
    { log }: CoordinationOptions,
  ) {
    super(log);
    this.#root = url.parameter('namespace') ?? NAMESPACE;
    this.#client = clientOf(url);
    this.#client.on('error', (error: unknown) => {
      this.#error = error;
    });
  }

  async holder(name: string): Promise<Holder | undefined> {
    assertName(name);
    const value = await this.#ask(`say who holds ${name}`, () => this.#client.get(this.#lock(name)));
    return value === null ? undefined : toHolder(value);
  }

  async add(counter: string, by: number): Promise<number> {
    assertName(counter);
    const value = await this.#ask(`add to ${counter}`, () =>
      this.#client.incrBy(this.#counter(counter), safe(counter, by)),
    );
    return safe(counter, value);
  }

  async read(counter: string): Promise<number> {
    assertName(counter);
    return safe(counter, (await this.#ask(`read ${counter}`, () => this.#client.get(this.#counter(counter)))) ?? 0);
  }

  async compareAndSet(counter: string, expected: number, next: number): Promise<boolean> {
    assertName(counter);
    const values = [String(safe(counter, expected)), String(safe(counter, next))];
    return (await this.#script(COMPARE_AND_SET, [this.#counter(counter)], values, `set ${counter}`)) === 1;
  }

  async ping(): Promise<void> {
    await this.#ask('answer', () => this.#client.ping());
  }

  protected async claim(claim: Claim): Promise<LeasedLock> {
    const { name, leaseMs, owner, signal } = claim;
    const keys = [this.#lock(name)];
    const id = randomUUID();
    const give = (value: string) => this.#script(RELEASE, keys, [value], `unlock ${name}`);
    for (;;) {
      const sinceMs = performance.now();
      const taking = this.#script(TAKE, [...keys, `${this.#root}:token`], [id, owner, String(leaseMs)], `lock ${name}`);
      const value = (await taking) as string | null;
      if (value !== null) {
        const extend = () => this.#script(EXTEND, keys, [value, String(leaseMs)], `renew the lock ${name}`);
        return this.hold({
          ...{ name, leaseMs, sinceMs, token: toHolder(value).token },
          renew: async () => (await extend()) === 1,
          release: async () => void (await give(value)),
        });
      }
      claim.mayWait();
      const pauseMs = SHORTEST_PAUSE_MS + Math.random() * (LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS);
      await pause(pauseMs, undefined, { signal }).catch(() => {});
      signal.throwIfAborted();
    }
  }

  protected async disconnect(): Promise<void> {
    this.#disconnected = true;
    this.#client.destroy();
    await this.#connecting?.catch(() => {});
  }

  #script(script: string, keys: string[], values: string[], what: string) {
    return this.#ask(what, () => this.#client.eval(script, { keys, arguments: values }));
  }

  /** Also while it closes: what is held is given back then. */
  async #ask<T>(what: string, ask: () => Promise<T>): Promise<T> {
    if (this.#disconnected) throw errors.closed();
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`no answer within ${DEADLINE_MS} ms`)), DEADLINE_MS);
    this.#connecting ??= this.#client.connect();
    const asked = this.#client.isReady ? ask() : this.#connecting.then(ask);
    asked.catch(() => {});
    try {
      return await Promise.race([asked, promise]);
    } catch (error) {
      if (this.#disconnected) throw errors.closed();
      const reason = reasonOf(this.#client.isReady ? error : (this.#error ?? error));
      const refused = /^(WRONGPASS|NOAUTH|NOPERM|ERR |WRONGTYPE|MISCONF|READONLY|OOM)/.test(reason);
      throw refused
        ? errors.refused(this.url.server, what, reason, error)
        : errors.unreachable(this.url.server, reason, error);
    } finally {
      clearTimeout(timer);
    }
  }

  #lock(name: string): string {
    return `${this.#root}:lock:${name}`;
  }

  #counter(name: string): string {
    return `${this.#root}:counter:${name}`;
  }
}

const clientOf = ({ endpoints: [{ host, port }], credentials, path, tls }: ServerUrl) =>
  createClient({
    ...(credentials ? { password: credentials.password } : {}),
    ...(credentials?.user ? { username: credentials.user } : {}),
    database: Number(path || 0),
    disableOfflineQueue: true,
    socket: {
      ...{ host, port, connectTimeout: DEADLINE_MS },
      reconnectStrategy: (tries: number) => Math.min(25 * 2 ** Math.min(tries, 10), LONGEST_RECONNECT_MS),
      ...(tls ? { tls: true as const, ...tls } : {}),
    },
  });

function toHolder(value: string): Holder {
  const [, token = '0', ...owner] = value.split(' ');
  return { token: BigInt(token), owner: owner.join(' ') };
}
