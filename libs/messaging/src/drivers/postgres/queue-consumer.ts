import { reasonOf, waitFor } from '@rookery/database';
import { handle, type Outcome } from '../../delivery/handle.ts';
import { retryDelayMs } from '../../delivery/retry-delay.ts';
import type { SubscriptionSettings } from '../../delivery/settings.ts';
import type { Message, MessageHandler } from '../../messaging.ts';
import { type Boss, isUnreachable, WAKE_CHANNEL } from './boss.ts';

/** Safety net for a lost notification, and how soon a retry scheduled by a dead process is seen. */
const POLL_MS = 2_000;

/** pg-boss buries a job when it fails with all its retries used. Only for the attempt that is still ours. */
const LAST_TRY = `update pgboss.job set retry_limit = retry_count
  where name = $1 and id = $2 and retry_count = $3 and state = 'active'`;

interface Job {
  id: string;
  retryCount: number;
  data: Message;
}

/** Fetches a group's queue whenever it is woken and has hands free; settles each message once. */
export class QueueConsumer {
  readonly #topics: ReadonlySet<string>;
  readonly #running = new Map<string, Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #poll: NodeJS.Timeout;
  readonly #beat: NodeJS.Timeout;
  #fetching: Promise<void> | undefined;
  #wanted = false;
  #closed = false;

  constructor(
    private readonly boss: Boss,
    private readonly queue: string,
    private readonly settings: SubscriptionSettings,
    private readonly handler: MessageHandler,
    private readonly consumerTimeoutMs: number,
  ) {
    this.#topics = new Set(settings.topics);
    this.#poll = setInterval(() => this.wake(), POLL_MS);
    this.#beat = setInterval(() => void this.#keepAlive(), consumerTimeoutMs / 4);
    this.wake();
  }

  /** Looks for messages now; one look at a time, and one more when woken meanwhile. */
  wake(): void {
    this.#wanted = true;
    if (this.#closed || this.#fetching) return;
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = undefined;
      if (this.#wanted && this.#running.size < this.settings.concurrency) this.wake();
    });
  }

  /** Takes nothing new; resolves when the running handlers have ended and are settled. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#fetching;
    await Promise.all(this.#running.values());
    clearInterval(this.#beat);
  }

  async #fetch(): Promise<void> {
    const { concurrency } = this.settings;
    while (this.#wanted && !this.#closed) {
      const free = concurrency - this.#running.size;
      if (free === 0) return;
      this.#wanted = false;
      const jobs = await this.boss.queues.fetch<Message>(this.queue, { batchSize: free }).catch(() => []);
      if (this.#closed) {
        if (jobs.length > 0) await this.#giveBack(jobs.map((job) => job.id));
        return;
      }
      for (const job of jobs) this.#start(job);
      if (jobs.length === free) this.#wanted = true;
    }
  }

  #start(job: Job): void {
    const work = this.#process(job).finally(() => {
      this.#running.delete(job.id);
      if (this.#wanted) this.wake();
    });
    this.#running.set(job.id, work);
  }

  async #process(job: Job): Promise<void> {
    const { group } = this.settings;
    const outcome = await handle({ ...job.data, group, attempt: job.retryCount + 1 }, this.#topics, this.handler);
    const what = { what: 'messaging', mends: isUnreachable, reasonOf };
    await waitFor(() => this.#settle(job, outcome), what, {
      waitMs: this.consumerTimeoutMs,
      onWaiting: () => {},
    }).catch(
      () => {}, // The engine is away for longer than a dead consumer is waited for: the message is delivered again.
    );
  }

  async #settle({ id, retryCount }: Job, outcome: Outcome): Promise<void> {
    const { queues } = this.boss;
    const attempt = { id, retryCount };
    if (outcome.ok || this.settings.ephemeral) {
      await this.boss.guard(() => queues.deleteJob(this.queue, attempt));
      return;
    }
    const delayMs = retryDelayMs(retryCount + 1, this.settings.retryDelayMs);
    const again = await this.boss.transaction(async (db) => {
      if (outcome.hopeless) await db.executeSql(LAST_TRY, [this.queue, id, retryCount]);
      await queues.fail(this.queue, attempt, { message: outcome.reason }, { db });
      const startAfter = new Date(Date.now() + delayMs);
      const { updated } = await queues.update(this.queue, undefined, { id, startAfter, db });
      return updated > 0;
    });
    if (again) this.#wakeIn(delayMs);
  }

  #wakeIn(ms: number): void {
    if (this.#closed || ms > POLL_MS) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.wake();
    }, ms + 1);
    this.#timers.add(timer);
  }

  async #giveBack(ids: string[]): Promise<void> {
    const restored = `update pgboss.job set state = 'created', started_on = null, heartbeat_on = null
      where name = $1 and id = any($2::uuid[]) and state = 'active'`;
    await this.boss.query(restored, [this.queue, ids]).catch(() => {});
    await this.boss.query('select pg_notify($1, $2)', [WAKE_CHANNEL, this.queue]).catch(() => {});
  }

  async #keepAlive(): Promise<void> {
    if (this.#running.size === 0) return;
    await this.boss.queues.touch(this.queue, [...this.#running.keys()]).catch(() => {});
  }
}
