import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  findProgram,
  GuardedProcess,
  hasEureka,
  hasZooKeeper,
  sourceArguments,
  ZOOKEEPER_JARS,
} from '@rookery/servers';
import type { Host, Network } from './network.ts';

const execute = promisify(execFile);
const READY_MS = 60_000;

export const NODES = ['node-1', 'node-2', 'node-3'];

/** A system of nodes in a network, as the scenario plays with it. */
export interface System {
  name: string;
  /** Whether a side without a majority must refuse, or goes on. */
  kind: 'CP' | 'AP';
  /** Whether a node of an AP system is on either side. */
  replicated?: true;
  /** Starts its nodes; answers when they serve. */
  start(network: Network): Promise<Nodes>;
}

export interface Nodes {
  /** Host that is cut off: the leader where there is one. */
  victim: string;
  /** DISCOVERY_URL of a client of these nodes. */
  url(hosts: readonly Host[]): string;
  stop(): Promise<void>;
}

/** A program on a host, with a folder of its own. */
class Program {
  readonly #guarded: GuardedProcess;
  readonly #host: Host;
  readonly #home: string;

  constructor(host: Host, command: string, args: string[], home = newHome(), env: NodeJS.ProcessEnv = {}) {
    this.#host = host;
    this.#home = home;
    this.#guarded = new GuardedProcess({
      ...{ command: 'ip', args: ['netns', 'exec', host.namespace, command, ...args] },
      ...{ home, log: join(home, 'log'), env: { ...process.env, ...env } },
    });
  }

  /** Asks over and over from within the namespace, since nothing outside of it reaches a node; answers what is printed. */
  async answers(name: string, script: string): Promise<string> {
    const args = ['netns', 'exec', this.#host.namespace, 'bash', '-c', script];
    let answer = '';
    await this.#guarded.ready(
      `${name} on ${this.#host.name}`,
      async () => {
        answer = (await execute('ip', args, { timeout: 3_000 })).stdout;
      },
      READY_MS,
    );
    return answer;
  }

  async stop(): Promise<void> {
    await this.#guarded.kill();
    rmSync(this.#home, { recursive: true, force: true });
  }
}

const newHome = (): string => mkdtempSync(join(tmpdir(), 'rookery-cap-'));
const hostsOf = (network: Network): Host[] => NODES.map((name) => network.host(name));
const stopAll = async (programs: readonly Program[]): Promise<void> => {
  await Promise.all(programs.map((program) => program.stop()));
};

export const zookeeper: System = {
  name: 'ZooKeeper',
  kind: 'CP',
  async start(network) {
    const hosts = hostsOf(network);
    const servers = hosts.map(({ address }, at) => `server.${at + 1}=${address}:2888:3888\n`).join('');
    const programs = hosts.map((host, at) => {
      const home = newHome();
      mkdirSync(join(home, 'data'));
      writeFileSync(join(home, 'data/myid'), String(at + 1));
      const settings =
        `tickTime=500\ninitLimit=20\nsyncLimit=4\nminSessionTimeout=1000\ndataDir=${home}/data\nclientPort=2181\n` +
        `clientPortAddress=${host.address}\nadmin.enableServer=false\n4lw.commands.whitelist=srvr\n${servers}`;
      writeFileSync(join(home, 'zoo.cfg'), settings);
      const args = [
        ...['-Xmx128m', '-XX:TieredStopAtLevel=1', '-Dzookeeper.forceSync=no', '-cp'],
        ...[[home, ...ZOOKEEPER_JARS].join(':'), 'org.apache.zookeeper.server.quorum.QuorumPeerMain'],
      ];
      return new Program(host, 'java', [...args, join(home, 'zoo.cfg')], home);
    });
    const modes = await Promise.all(
      programs.map((program, at) =>
        program.answers('ZooKeeper', `exec 3<>/dev/tcp/${hosts[at]?.address}/2181; echo srvr >&3; grep Mode <&3`),
      ),
    );
    return {
      victim: NODES[modes.findIndex((mode) => mode.includes('leader'))] ?? 'node-3',
      url: (of) => `zookeeper://${of.map(({ address }) => `${address}:2181`).join(',')}/cap?session=4s`,
      stop: () => stopAll(programs),
    };
  },
};

export const etcd: System = {
  name: 'etcd',
  kind: 'CP',
  async start(network) {
    const hosts = hostsOf(network);
    const cluster = hosts.map(({ name, address }) => `${name}=http://${address}:2380`).join(',');
    const programs = hosts.map((host) => {
      const home = newHome();
      const [peers, clients] = [`http://${host.address}:2380`, `http://${host.address}:2379`];
      const args = [
        ...['--data-dir', join(home, 'data'), '--name', host.name, '--log-level', 'error'],
        ...['--listen-client-urls', clients, '--advertise-client-urls', clients, '--initial-cluster', cluster],
        ...['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers],
      ];
      return new Program(host, findProgram('etcd') ?? 'etcd', args, home);
    });
    // Each node says the leader's id and its own.
    const script = (address?: string) =>
      `curl -sf -m 2 http://${address}:2379/health | grep -q true && curl -sf -m 2 -d '{}' http://${address}:2379/v3/maintenance/status`;
    const answers = await Promise.all(
      programs.map((program, at) => program.answers('etcd', script(hosts[at]?.address))),
    );
    const leads = answers.findIndex((answer) => {
      const { leader, header } = JSON.parse(answer) as { leader: string; header: { member_id: string } };
      return leader === header.member_id;
    });
    return {
      victim: NODES[leads] ?? 'node-3',
      url: (of) => `etcd://${of.map(({ address }) => `${address}:2379`).join(',')}/cap?wait=2s`,
      stop: () => stopAll(programs),
    };
  },
};

const EUREKA = join(homedir(), '.cache/rookery/servers/eureka');

/** Two peers: one stays, one is cut off; each takes registrations, and tells the other when it can. */
export const eureka: System = {
  name: 'Eureka',
  kind: 'AP',
  replicated: true,
  async start(network) {
    const hosts = hostsOf(network).slice(1);
    const urlOf = ({ address }: Host): string => `http://${address}:8761/eureka`;
    const programs = hosts.map((host, at) => {
      const settings = {
        'server.port': 8761,
        'server.address': host.address,
        'logging.level.root': 'error',
        'eureka.instance.hostname': host.address,
        'eureka.client.service-url.defaultZone': urlOf(hosts[1 - at] as Host),
        'eureka.client.register-with-eureka': false,
        'eureka.client.fetch-registry': false,
        'eureka.server.eviction-interval-timer-in-ms': 1_000,
        'eureka.server.response-cache-update-interval-ms': 200,
        'eureka.server.use-read-only-response-cache': false,
        'eureka.server.wait-time-in-ms-when-sync-empty': 0,
        'suite.secured': false,
      };
      const args = [
        ...['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'],
        ...['-cp', `${EUREKA}/classes:${EUREKA}/lib/*`, 'rookery.RookeryEureka'],
        ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
      ];
      return new Program(host, 'java', args);
    });
    await Promise.all(
      programs.map((program, at) =>
        program.answers('Eureka', `curl -sf -m 2 ${urlOf(hosts[at] as Host)}/apps >/dev/null`),
      ),
    );
    return {
      victim: 'node-3',
      url: (of) => {
        const [peer = hosts[0] as Host] = of.filter(({ name }) => name !== 'node-1');
        return `eureka+http://${peer.address}:8761/eureka?every=500ms`;
      },
      stop: () => stopAll(programs),
    };
  },
};

const MAIN = new URL('../../../apps/registry/src/main.ts', import.meta.url).pathname;

/** One node, which stays; the side that is cut off has what its clients remember. */
export const embeddedRegistry: System = {
  name: 'embedded registry, cached by its clients',
  kind: 'AP',
  async start(network) {
    const host = network.host('node-1');
    const home = newHome();
    const env = { HOST: host.address, PORT: '8500', ROOKERY_HOME: home, LOG_LEVEL: 'error' };
    const registry = new Program(host, process.execPath, [...sourceArguments, MAIN], home, env);
    await registry.answers('registry', `curl -sf -m 2 http://${host.address}:8500/v1/status/leader`);
    return {
      victim: 'node-3',
      url: () => `consul://${host.address}:8500?wait=2s`,
      stop: () => stopAll([registry]),
    };
  },
};

/** Those whose programs are here, and the names of the others. */
export function systemsHere(): { here: System[]; missing: string[] } {
  const all: Array<[System, boolean]> = [
    [zookeeper, hasZooKeeper],
    [etcd, findProgram('etcd') !== undefined],
    [eureka, hasEureka],
    [embeddedRegistry, true],
  ];
  return {
    here: all.filter(([, isHere]) => isHere).map(([system]) => system),
    missing: all.filter(([, isHere]) => !isHere).map(([{ name }]) => name),
  };
}
