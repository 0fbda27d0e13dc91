import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { findProgram } from '@rookery/servers';

/** podman of PATH, where this process may use it: pods with addresses of their own need root. */
export const podmanProgram =
  process.getuid?.() === 0 && findProgram('runc', '/usr/sbin/runc') ? findProgram('podman') : undefined;

/** For machines without systemd, and with the limits that a service needs. */
const CONTAINERS_CONF = `[containers]
default_ulimits = ["nofile=20000:20000", "nproc=8192:8192"]
[network]
network_backend = "netavark"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`;
const NETWORK = 'rookery';

/** Waits for the end of our pipe, in whatever way we end, and takes everything away. podman mounts its storage onto itself. */
const GUARD = `cat >/dev/null
"$@" pod rm --all --force --time 0; "$@" rm --all --force --time 0; "$@" network rm --force ${NETWORK}
umount "$GUARDED_HOME/storage/overlay"; rm -rf "$GUARDED_HOME"`;

/** A podman with storage and a network of its own, which end with this process. */
export class Podman {
  readonly home: string;
  /** Address of this host in the network of the pods. */
  readonly host: string;
  readonly #global: string[];
  readonly #environment: NodeJS.ProcessEnv;
  readonly #guard: ChildProcess;
  readonly #running = new Set<ChildProcess>();
  #closed = false;

  constructor() {
    this.home = mkdtempSync(join(tmpdir(), 'rookery-podman-'));
    const octet = 100 + (process.pid % 100);
    this.host = `10.${octet}.${process.pid % 250}.1`;
    const folder = (name: string) => join(this.home, name);
    mkdirSync(folder('networks'));
    writeFileSync(folder('containers.conf'), CONTAINERS_CONF);
    this.#global = [
      '--root',
      folder('storage'),
      '--runroot',
      folder('run'),
      '--network-config-dir',
      folder('networks'),
    ];
    this.#environment = { ...process.env, CONTAINERS_CONF: folder('containers.conf'), GUARDED_HOME: this.home };
    this.#guard = spawn('sh', ['-c', GUARD, 'guard', podmanProgram ?? 'podman', ...this.#global], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: this.#environment,
    });
    this.#guard.unref();
  }

  /** The network of the pods, with names for them; its address is this host's only while a container is in it. */
  async createNetwork(image: string): Promise<string> {
    await this.run([
      'network',
      'create',
      '--subnet',
      `${this.host.replace(/1$/, '0')}/24`,
      '--gateway',
      this.host,
      NETWORK,
    ]);
    await this.run(['run', '--detach', '--network', NETWORK, '--name', 'first', image, 'sleep', 'infinity']);
    return NETWORK;
  }

  /** As podman's pods read it: what it makes of a manifest of a Secret, it cannot read itself. */
  async createSecret(name: string, values: Record<string, string>): Promise<void> {
    const file = join(this.home, 'secret');
    const encoded = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    writeFileSync(file, JSON.stringify(Object.fromEntries(encoded)), { mode: 0o600 });
    await this.run(['secret', 'create', name, file]);
    rmSync(file);
  }

  /** Runs one command; throws what it said when it failed. */
  async run(args: string[], input?: string | NodeJS.ReadableStream): Promise<string> {
    if (this.#closed) throw new Error(`podman ${args.join(' ')} comes after its end`);
    const child = spawn(podmanProgram ?? 'podman', [...this.#global, ...args], {
      env: this.#environment,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#running.add(child);
    child.once('close', () => this.#running.delete(child));
    child.stdin.on('error', () => {});
    if (typeof input === 'object') input.pipe(child.stdin);
    else child.stdin.end(input);
    const [said, complaints, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    if (code !== 0) throw new Error(`podman ${args.join(' ')} ended with ${code}: ${complaints.slice(-4_000)}`);
    return said.trim();
  }

  /** Takes every pod, image and file away. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const child of this.#running) child.kill('SIGKILL');
    this.#guard.ref();
    const gone = once(this.#guard, 'close');
    this.#guard.stdin?.end();
    await gone;
  }
}
