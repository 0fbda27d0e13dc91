import { randomUUID } from 'node:crypto';
import { ZkNodes, type ZkSession, type ZkTenant } from '@rookery/connections/zookeeper';
import { type Claim, ClaimForgotten } from '../../driver-coordination.ts';
import { untilAborted } from '../../until-aborted.ts';

/** Names of a lock's nodes, the longest there first: by the number that ZooKeeper put at their ends. */
export const inOrder = (names: readonly string[]): string[] => names.toSorted((a, b) => numberOf(a) - numberOf(b));
const numberOf = (name: string): number => Number(name.slice(name.lastIndexOf('-') + 1));

/**
 * One claim's ephemeral sequential node in the folder of a lock. Its name begins with an id of its own, so that it is found
 * and removed also where the answer to its making was lost.
 */
export class ZkPlace implements ZkTenant {
  /** Called when the session may be another. */
  onDoubt: () => void = () => {};
  readonly #id = randomUUID();
  readonly #nodes: ZkNodes;
  #path: string | undefined;
  #left = false;
  #wake: () => void = () => {};

  constructor(
    private readonly session: ZkSession,
    private readonly folder: string,
    private readonly claim: Claim,
  ) {
    this.#nodes = new ZkNodes(session, `lock ${claim.name}`);
  }

  /** Resolves when this place is the first; leaves where it throws. */
  async wait(): Promise<{ token: bigint; sinceMs: number }> {
    this.session.keep(this);
    try {
      this.#path = await this.#make();
      for (;;) {
        this.claim.signal.throwIfAborted();
        const { promise: woken, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        const sinceMs = performance.now();
        const names = inOrder((await this.#nodes.children(this.folder, false)) ?? []);
        const at = names.findIndex((name) => name.startsWith(this.#id));
        if (at < 0) throw new ClaimForgotten(`the session that waited for ${this.claim.name} is over`);
        const before = names[at - 1];
        if (before === undefined) {
          const stat = await this.#nodes.stat(this.#path, false);
          if (!stat) throw new ClaimForgotten(`the session that waited for ${this.claim.name} is over`);
          return { token: stat.createdBy, sinceMs };
        }
        this.claim.mayWait();
        if (await this.#nodes.stat(`${this.folder}/${before}`, true)) await untilAborted(woken, this.claim.signal);
      }
    } catch (error) {
      await this.leave().catch(() => {});
      throw error;
    }
  }

  async isThere(): Promise<boolean> {
    return this.#path !== undefined && (await this.#nodes.stat(this.#path, false)) !== undefined;
  }

  /** Removes the node; where the server is away, as soon as it is back, if the session lives on. */
  async leave(): Promise<void> {
    this.#left = true;
    const names = (await this.#nodes.children(this.folder, false)) ?? [];
    const own = names.filter((name) => name.startsWith(this.#id));
    await Promise.all(own.map((name) => this.#nodes.delete(`${this.folder}/${name}`)));
    this.session.leave(this);
  }

  connected(): void {
    if (this.#left) void this.leave().catch(() => {});
    this.#wake();
    this.onDoubt();
  }

  changed(path: string): void {
    if (path.startsWith(this.folder)) this.#wake();
  }

  async #make(): Promise<string> {
    for (;;) {
      const path = await this.#nodes.createSequential(`${this.folder}/${this.#id}-`, this.claim.owner);
      if (path !== undefined) return path;
      await this.#nodes.createPath(this.folder);
    }
  }
}
