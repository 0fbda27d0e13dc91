import type { InstanceState } from '../home/state-file.ts';
import type { Colors } from './colors.ts';
import { LiveBlock } from './live-block.ts';
import { parseLog, renderLog } from './log-line.ts';
import { address, label, situation } from './names.ts';
import type { Output } from './output.ts';
import { renderTable } from './table.ts';

const WARN = 40;

export interface PrettyOptions {
  write(text: string): void;
  colors: Colors;
  /** Set on a terminal: the progress is a block that is drawn again in place. */
  live?: LiveBlock;
}

/** For people: progress, one table, then the apps' logs. Before all are ready, of the logs only warnings and errors. */
export class PrettyOutput implements Output {
  readonly #options: PrettyOptions;
  readonly #situations = new Map<string, string>();
  #starting = true;

  constructor(options: PrettyOptions) {
    this.#options = options;
  }

  step(text: string): void {
    this.#print(this.#options.colors.dim(`${text} …`));
  }

  progress(services: readonly InstanceState[]): void {
    if (!this.#starting) return;
    const { live, colors } = this.#options;
    if (live) {
      live.show(blockOf(services, colors));
      return;
    }
    for (const service of services) {
      const name = label(service, services);
      const now = situation(service);
      if (this.#situations.get(name) === now || now === 'starting' || now === 'stopped') continue;
      this.#situations.set(name, now);
      this.#print(`${name} ${now === 'ready' ? `is ready ${address(service)}` : now}`.trimEnd());
    }
  }

  line(name: string, line: string): void {
    const entry = parseLog(line);
    if (this.#starting && entry.level < WARN) return;
    this.#print(renderLog(name, entry, this.#options.colors));
  }

  notice(text: string): void {
    this.#print(this.#options.colors.yellow(text));
  }

  ready(services: readonly InstanceState[], readyInMs: number, examples: readonly string[]): void {
    this.#starting = false;
    const { live, colors } = this.#options;
    live?.clear();
    const rows = services.map((service) => [
      label(service, services),
      service.purpose,
      address(service),
      service.state,
    ]);
    const [head = '', ...body] = renderTable(['SERVICE', 'WHAT IT IS FOR', 'URL', 'STATE'], rows, {
      flexible: 1,
    }).split('\n');
    this.#print(`\n${colors.bold(head)}\n${body.join('\n').replace(/ready$/gm, colors.green('ready'))}\n`);
    this.#print(colors.bold(`ready in ${(readyInMs / 1000).toFixed(1)} s`));
    for (const example of examples) this.#print(example);
    this.#print('');
  }

  failure(sentence: string): void {
    this.#options.live?.clear();
    this.#starting = false;
    this.#options.write(`${this.#options.colors.red(sentence)}\n`);
  }

  #print(text: string): void {
    const { live, write } = this.#options;
    if (live) live.above(text);
    else write(`${text}\n`);
  }
}

function blockOf(services: readonly InstanceState[], colors: Colors): string[] {
  const ready = services.filter(({ state }) => state === 'ready').length;
  const open = services.filter(({ state }) => state !== 'ready');
  return [
    `${ready} of ${services.length} ready`,
    ...open.map((service) => `  ${colors.cyan(label(service, services).padEnd(15))} ${situation(service)}`),
  ];
}
