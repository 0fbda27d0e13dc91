import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forkSource, freePorts, freePortWith } from '@rookery/servers';
import { Journals } from '../storage/journal.ts';
import { recover } from '../storage/recover.ts';
import { SnapshotFile } from '../storage/snapshot-file.ts';

/** The registry as a process of its own, on a free port, with a folder of its own. */
export class RegistryProcess {
  readonly home = mkdtempSync(join(tmpdir(), 'rookery-registry-'));
  #child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly env: Record<string, string>,
  ) {}

  static async start(env: Record<string, string> = {}): Promise<RegistryProcess> {
    const [port = 0] = env.REGISTRY_NACOS_GRPC ? [await freePortWith(1_000)] : await freePorts(1);
    const registry = new RegistryProcess(port, env);
    await registry.start();
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const child = forkSource(new URL('../main.ts', import.meta.url), {
      HOST: '127.0.0.1',
      PORT: String(this.port),
      ROOKERY_HOME: this.home,
      LOG_LEVEL: 'error',
      ...this.env,
    });
    this.#child = child;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    child.on('message', (message: { type?: string }) => message.type === 'ready' && resolve());
    child.once('exit', (code, signal) => reject(new Error(`The registry ended at start: ${code ?? signal}`)));
    await promise;
  }

  /** How many instances it has written down. */
  async savedInstances(): Promise<number> {
    const folder = join(this.home, 'registry');
    const { state } = await recover(new SnapshotFile(join(folder, 'registry.json')), new Journals(folder));
    return state?.services.length ?? 0;
  }

  /** Ends the process; its exit code, or null when the signal ended it. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    const [code] = await ended;
    return code as number | null;
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.home, { recursive: true, force: true });
  }
}
