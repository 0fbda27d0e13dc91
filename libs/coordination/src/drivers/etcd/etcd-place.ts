import { type EtcdConnection, type KeyValue } from '@rookery/connections/etcd';
import { type Claim, ClaimForgotten } from '../../driver-coordination.ts';
import { untilAborted } from '../../until-aborted.ts';

const createdAt = ({ create_revision }: KeyValue): bigint => BigInt(create_revision);
const byCreation = (a: KeyValue, b: KeyValue): number => (createdAt(a) < createdAt(b) ? -1 : 1);

export const firstMade = (entries: readonly KeyValue[]): KeyValue | undefined => entries.toSorted(byCreation)[0];

/** One claim's key in the folder of a lock, on a lease of its own: who gives up takes both away with one call. */
export class EtcdPlace {
  readonly #what: string;
  #lease: string | undefined;

  constructor(
    private readonly connection: EtcdConnection,
    private readonly folder: string,
    private readonly claim: Claim,
  ) {
    this.#what = `lock ${claim.name}`;
  }

  /** Resolves when this place is the first; leaves where it throws. */
  async wait(): Promise<{ token: bigint; sinceMs: number }> {
    const { signal, leaseMs, owner } = this.claim;
    let renewal: NodeJS.Timeout | undefined;
    const over = new AbortController();
    try {
      let sinceMs = performance.now();
      this.#lease = await this.connection.grantLease(leaseMs, this.#what);
      const key = `${this.folder}${this.#lease}`;
      const revision = await this.connection.putWhereAbsent(key, owner, this.#lease, this.#what, signal);
      if (revision === undefined) throw new ClaimForgotten(`the key ${key} is another's`);
      renewal = setInterval(() => {
        const askedAtMs = performance.now();
        const forgotten = () => over.abort(new ClaimForgotten(`the lease that waited for ${this.claim.name} is over`));
        this.renew().then(
          (known) => {
            if (known) sinceMs = askedAtMs;
            else forgotten();
          },
          () => {},
        );
      }, leaseMs / 3);
      const waiting = AbortSignal.any([signal, over.signal]);
      for (;;) {
        waiting.throwIfAborted();
        const { header, kvs } = await this.connection.range(this.folder, this.#what, { signal: waiting });
        const entries = kvs.toSorted(byCreation);
        const at = entries.findIndex((entry) => entry.key.toString() === key);
        if (at < 0) throw new ClaimForgotten(`the lease that waited for ${this.claim.name} is over`);
        const before = entries[at - 1];
        if (!before) return { token: BigInt(revision), sinceMs };
        this.claim.mayWait();
        await this.#untilGone(before.key, BigInt(header.revision) + 1n, waiting);
      }
    } catch (error) {
      await this.leave().catch(() => {});
      throw over.signal.aborted && !signal.aborted ? over.signal.reason : error;
    } finally {
      clearInterval(renewal);
    }
  }

  async renew(): Promise<boolean> {
    if (this.#lease === undefined) return false;
    return this.connection.keepLeaseAlive(this.#lease, this.#what, AbortSignal.timeout(this.claim.leaseMs));
  }

  async leave(): Promise<void> {
    if (this.#lease === undefined) return;
    await this.connection.revokeLease(this.#lease, `unlock ${this.claim.name}`);
  }

  /** Resolves when something happened to the key, or the stream that would have told it broke: look again then. */
  async #untilGone(key: Buffer, from: bigint, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stream = await this.connection.watchStream(
      {
        message: ({ canceled, events }) => {
          if (canceled || events.length > 0) resolve();
        },
        end: (error) => (error ? reject(error) : resolve()),
      },
      this.#what,
    );
    try {
      stream.write({ create_request: { key, start_revision: String(from), watch_id: '1' } });
      await untilAborted(promise, signal);
    } finally {
      stream.cancel();
    }
  }
}
