import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { sourceArguments } from '@rookery/servers';
import type { Host } from './network.ts';
import type { Probe, SideSaid, SideSettings } from './side.ts';

const FILE = new URL('./side.ts', import.meta.url).pathname;
const READY_MS = 60_000;

/** A side's process, in the namespace of its host; dies with this one. */
export class SideProcess {
  readonly #child: ChildProcess;
  readonly #end = (): void => void this.#child.kill('SIGKILL');

  constructor(host: Host, settings: Omit<SideSettings, 'address'>) {
    const side = JSON.stringify({ ...settings, address: host.address });
    const args = ['netns', 'exec', host.namespace, process.execPath, ...sourceArguments, FILE];
    this.#child = spawn('ip', args, {
      env: { ...process.env, SIDE: side },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    process.once('exit', this.#end);
  }

  async ready(): Promise<void> {
    await this.#next((said) => 'ready' in said);
  }

  /** Ends what it does; everything it has tried. */
  async stop(): Promise<{ probes: Probe[]; finalRead: number }> {
    const answer = this.#next((said) => 'probes' in said);
    this.#child.send('stop');
    const said = await answer;
    return 'probes' in said ? said : { probes: [], finalRead: 0 };
  }

  async kill(): Promise<void> {
    process.off('exit', this.#end);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #next(wanted: (said: SideSaid) => boolean): Promise<SideSaid> {
    const { promise, resolve, reject } = Promise.withResolvers<SideSaid>();
    const timer = setTimeout(() => reject(new Error('a side did not answer in time')), READY_MS);
    const hear = (said: SideSaid): void => {
      if (wanted(said)) resolve(said);
    };
    this.#child.on('message', hear);
    this.#child.once('exit', (code) => reject(new Error(`a side ended: ${code}`)));
    return promise.finally(() => {
      clearTimeout(timer);
      this.#child.off('message', hear);
    });
  }
}
