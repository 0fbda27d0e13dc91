import type { ZkSession, ZkTenant } from '@rookery/connections/zookeeper';
import { EPHEMERAL, ZkNodes } from '@rookery/connections/zookeeper';
import type { Instance, Lease } from '../../discovery.ts';
import type { DiscoveryLog } from '../../log.ts';

/** An instance's ephemeral node, made again in a new session, or when somebody deleted it. */
export class ZkLease implements Lease, ZkTenant {
  readonly #nodes: ZkNodes;
  #released = false;
  /** One step after the other: a node must not be made after it was released. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly instance: Instance,
    private readonly text: string,
    private readonly path: string,
    private readonly session: ZkSession,
    private readonly log: DiscoveryLog | undefined,
  ) {
    this.#nodes = new ZkNodes(session, `register ${instance.id}`);
  }

  async start(): Promise<void> {
    await this.#nodes.createPath(this.path.slice(0, this.path.lastIndexOf('/')));
    await this.#make(true);
    this.session.keep(this);
  }

  connected(): void {
    this.#next('registered again');
  }

  changed(path: string): void {
    if (path === this.path) this.#next('registered again, the registry had forgotten the instance');
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    this.#next('');
    await this.#last;
  }

  #next(event: string): void {
    this.#last = this.#last.then(() => this.#step(event)).catch((error: unknown) => this.#failed(error));
  }

  async #step(event: string): Promise<void> {
    if (this.session.closed) return;
    if (!this.#released) {
      if (await this.#make(false)) this.log?.warn({ registered: this.instance.id }, event);
      return;
    }
    if ((await this.#nodes.ownerOf(this.path, false)) === this.session.id) await this.#nodes.delete(this.path);
    this.session.leave(this);
  }

  /** Where the connection is lost, the next one does what is left to do. */
  #failed(error: unknown): void {
    const event = this.#released ? 'instance not released, it is when the registry is back' : 'instance not registered';
    if (!this.session.closed) this.log?.warn({ error, registered: this.instance.id }, event);
  }

  /**
   * Answers whether the node had to be made. One of another session is left alone, unless this is the beginning: then it is
   * of a process that had this id before.
   */
  async #make(takesOver: boolean): Promise<boolean> {
    const owner = await this.#nodes.ownerOf(this.path, true);
    if (owner === this.session.id || (owner !== undefined && !takesOver)) return false;
    const made =
      owner === undefined
        ? await this.#nodes.create(this.path, this.text, EPHEMERAL)
        : await this.#nodes.takeOver(this.path, this.text);
    if (!made) return this.#make(takesOver);
    await this.#nodes.ownerOf(this.path, true);
    return true;
  }
}
