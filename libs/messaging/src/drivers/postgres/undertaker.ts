import { reasonOf } from '@rookery/database';
import type { Boss } from './boss.ts';

const DIED = 'the consumer died while it handled the message';
/** Replies wait in a queue of their own; one whose client died is removed after this. */
const EPHEMERAL_TTL = '2 minutes';

/**
 * Finds messages whose consumer shows no life any more and gives them to others. pg-boss' own monitor does so too,
 * but no sooner than after 10 s, with statistics of every queue in each pass.
 */
export class Undertaker {
  readonly #timer: NodeJS.Timeout;
  #busy: Promise<void> | undefined;

  constructor(
    private readonly boss: Boss,
    private readonly groups: () => readonly string[],
    private readonly consumerTimeoutMs: number,
    private readonly wake: (group: string) => void,
  ) {
    this.#timer = setInterval(() => {
      this.#busy ??= this.#pass().finally(() => {
        this.#busy = undefined;
      });
    }, consumerTimeoutMs / 4);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#busy;
  }

  async #pass(): Promise<void> {
    const groups = this.groups();
    if (groups.length === 0) return;
    try {
      const orphans = await this.boss.query<{ id: string; name: string; retryCount: number }>(
        `select id, name, retry_count as "retryCount" from pgboss.job where name = any($1) and state = 'active'
         and coalesce(heartbeat_on, started_on) < now() - $2 * interval '1 ms' limit 1000`,
        [groups, this.consumerTimeoutMs],
      );
      for (const [name, jobs] of Object.entries(Object.groupBy(orphans, (orphan) => orphan.name))) {
        await this.boss.queues.fail(name, jobs ?? [], { message: DIED });
        this.wake(name);
      }
    } catch (error) {
      this.boss.queues.emit('warning', { message: reasonOf(error), data: {} });
    }
  }
}

/** Removes the queues of ephemeral groups whose process ended without doing so. */
export async function removeAbandoned(boss: Boss): Promise<void> {
  const abandoned = await boss.query<{ name: string }>(
    `select name from pgboss.queue where name like 'ephemeral/%' and updated_on < now() - $1::interval`,
    [EPHEMERAL_TTL],
  );
  for (const { name } of abandoned) await boss.queues.deleteQueue(name);
}
