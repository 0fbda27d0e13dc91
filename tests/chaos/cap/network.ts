import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Of the namespaces' own network; nothing of it is reachable from outside of them. */
const addressOf = (at: number): string => `10.77.0.${at + 1}`;

const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: 'pipe' });

/** One host of the network: a namespace with an address of its own. */
export interface Host {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
}

/** Why no namespaces can be made here; undefined where they can. */
export function whyNoNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const name = `rk-probe-${process.pid}`;
  try {
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'add', 'probe', 'type', 'bridge');
    return undefined;
  } catch (error) {
    return `network namespaces cannot be made: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`;
  } finally {
    try {
      ip('netns', 'del', name);
    } catch {
      // It was not made.
    }
  }
}

/** Takes away what a run left that was killed. */
function sweep(): void {
  const names = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).matchAll(/^rk-(\d+)-\S+/gm);
  for (const [name, pid] of names) if (!existsSync(`/proc/${pid}`)) ip('netns', 'del', name);
}

/** Hosts on a switch that lives in a namespace too. Some of them can be put on another switch: that is a cut. */
export class Network {
  readonly hosts: readonly Host[];
  readonly #hub: string;

  constructor(names: readonly string[]) {
    sweep();
    const prefix = `rk-${process.pid}`;
    this.#hub = `${prefix}-hub`;
    this.hosts = names.map((name, at) => ({ name, namespace: `${prefix}-${name}`, address: addressOf(at) }));
    ip('netns', 'add', this.#hub);
    for (const bridge of ['whole', 'cut-off']) {
      ip('-n', this.#hub, 'link', 'add', bridge, 'type', 'bridge', 'forward_delay', '0');
      ip('-n', this.#hub, 'link', 'set', bridge, 'up');
    }
    for (const host of this.hosts) this.#plugIn(host);
  }

  host(name: string): Host {
    const found = this.hosts.find((host) => host.name === name);
    if (!found) throw new Error(`The network has no host ${name}`);
    return found;
  }

  /** These hosts reach each other, and nobody else; packets to the others vanish without a word. */
  cutOff(...names: string[]): void {
    for (const name of names) this.#plug(name, 'cut-off');
  }

  heal(): void {
    for (const { name } of this.hosts) this.#plug(name, 'whole');
  }

  /** The programs in its namespaces have to have ended. */
  close(): void {
    for (const { namespace } of [...this.hosts, { namespace: this.#hub }]) ip('netns', 'del', namespace);
  }

  #plugIn({ name, namespace, address }: Host): void {
    ip('netns', 'add', namespace);
    ip('-n', this.#hub, 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
    ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    ip('-n', namespace, 'link', 'set', 'eth0', 'up');
    ip('-n', this.#hub, 'link', 'set', name, 'up');
    this.#plug(name, 'whole');
  }

  #plug(name: string, bridge: string): void {
    ip('-n', this.#hub, 'link', 'set', name, 'master', bridge);
  }
}
