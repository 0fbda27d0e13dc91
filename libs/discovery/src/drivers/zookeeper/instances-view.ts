import type { ZkSession } from '@rookery/connections/zookeeper';
import { ZkNodes } from '@rookery/connections/zookeeper';
import type { Instance } from '../../discovery.ts';
import { byId, toInstance } from '../instance-text.ts';
import { ZkView } from './zk-view.ts';

/** The instances of a service, read once. */
export async function readInstances(session: ZkSession, path: string, service: string): Promise<Instance[]> {
  const nodes = new ZkNodes(session, `list the instances of ${service}`);
  const ids = (await nodes.children(path, false)) ?? [];
  const texts = await Promise.all(ids.map((id) => nodes.text(`${path}/${id}`, false)));
  return instancesOf(texts, service);
}

/** The instances of a service, told after each change. */
export class InstancesView extends ZkView {
  readonly #nodes: ZkNodes;
  readonly #texts = new Map<string, string>();

  constructor(
    session: ZkSession,
    private readonly path: string,
    private readonly service: string,
    private readonly tell: (instances: readonly Instance[]) => void,
    log: ConstructorParameters<typeof ZkView>[1],
  ) {
    super(session, log);
    this.#nodes = new ZkNodes(session, `watch the instances of ${service}`);
  }

  protected override forget(path?: string): boolean {
    if (path === undefined) this.#texts.clear();
    else this.#texts.delete(path);
    return path === this.path || path?.startsWith(`${this.path}/`) === true;
  }

  protected override async read(): Promise<void> {
    const ids = await childrenOf(this.#nodes, this.path);
    const texts = await Promise.all(ids.map((id) => this.#textOf(`${this.path}/${id}`)));
    this.tell(instancesOf(texts, this.service));
  }

  async #textOf(path: string): Promise<string> {
    const known = this.#texts.get(path);
    if (known !== undefined) return known;
    const text = (await this.#nodes.text(path, true)) ?? '';
    if (this.mayKeep(path)) this.#texts.set(path, text);
    return text;
  }
}

/** A node's children, watched; when it is not there, its coming is. */
export async function childrenOf(nodes: ZkNodes, path: string): Promise<string[]> {
  const children = await nodes.children(path, true);
  if (children) return children;
  return (await nodes.ownerOf(path, true)) === undefined ? [] : childrenOf(nodes, path);
}

const instancesOf = (texts: readonly (string | undefined)[], service: string): Instance[] =>
  texts
    .map((text) => toInstance(text ?? '', service))
    .filter((instance) => instance !== undefined)
    .sort(byId);
