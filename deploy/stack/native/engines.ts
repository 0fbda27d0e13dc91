import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine, World } from '../model.ts';
import { databases } from '../stack.ts';
import { EngineProcess } from './engine-process.ts';

const READY_MS = 60_000;

/** The engines of a native stack: started side by side, stopped together. */
export class Engines {
  readonly #running: EngineProcess[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Starts them; `onReady` is told of each as it begins to serve. */
  async start(engines: readonly Engine[], signal: AbortSignal, onReady: (engine: Engine) => void): Promise<void> {
    await Promise.all(
      engines.map(async (engine) => {
        await this.#start(engine, signal);
        onReady(engine);
      }),
    );
  }

  /** Resolves with the name of the first that ends by itself. */
  get ended(): Promise<string> {
    return Promise.race(this.#running.map(({ name, exited }) => exited.then(() => name)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.map((engine) => engine.stop()));
  }

  async #start({ name, native, files }: Engine, signal: AbortSignal): Promise<void> {
    const program = native?.program();
    if (!native || !program) throw new Error(`${name} is not installed: ${native?.install ?? 'no package has it'}.`);
    const world = this.#world;
    const folder = join(world.data(name), '..');
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    for (const [file, content] of Object.entries(files?.(world) ?? {})) writeFileSync(world.file(name, file), content);
    // Postgres makes its own, with rights of its own.
    if (name !== 'postgres') mkdirSync(world.data(name), { recursive: true, mode: 0o700 });
    const log = join(folder, `${name}.log`);
    const running = new EngineProcess(name, native.command(world, program), folder, log);
    this.#running.push(running);
    await running.ready(() => native.ready(world), READY_MS, signal);
    await native.afterStart?.(world, databases);
  }
}
