import type { ZkSession } from '@rookery/connections/zookeeper';
import { ZkNodes } from '@rookery/connections/zookeeper';
import { childrenOf } from './instances-view.ts';
import { ZkView } from './zk-view.ts';

/** Names of the services that have an instance, read once. */
export async function readServices(session: ZkSession, root: string): Promise<string[]> {
  const nodes = new ZkNodes(session, 'list the services');
  const names = (await nodes.children(root, false)) ?? [];
  const children = await Promise.all(names.map((name) => nodes.children(`${root}/${name}`, false)));
  return names.filter((_, at) => (children[at]?.length ?? 0) > 0).sort();
}

/** Names of the services that have an instance, told after each change. */
export class ServicesView extends ZkView {
  readonly #nodes: ZkNodes;
  /** How many instances a service's node has. */
  readonly #counts = new Map<string, number>();

  constructor(
    session: ZkSession,
    private readonly root: string,
    private readonly tell: (names: readonly string[]) => void,
    log: ConstructorParameters<typeof ZkView>[1],
  ) {
    super(session, log);
    this.#nodes = new ZkNodes(session, 'watch the services');
  }

  protected override forget(path?: string): boolean {
    if (path === undefined) this.#counts.clear();
    else this.#counts.delete(path);
    return path === this.root || path?.startsWith(`${this.root}/`) === true;
  }

  protected override async read(): Promise<void> {
    const names = await childrenOf(this.#nodes, this.root);
    const counts = await Promise.all(names.map((name) => this.#countOf(`${this.root}/${name}`)));
    this.tell(names.filter((_, at) => (counts[at] ?? 0) > 0).sort());
  }

  async #countOf(path: string): Promise<number> {
    const known = this.#counts.get(path);
    if (known !== undefined) return known;
    const count = (await this.#nodes.children(path, true))?.length ?? 0;
    if (this.mayKeep(path)) this.#counts.set(path, count);
    return count;
  }
}
