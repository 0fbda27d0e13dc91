import type { InstanceState } from '../home/state-file.ts';
import { situation } from './names.ts';
import type { Output } from './output.ts';

/** One JSON object a line, the apps' own lines among them. */
export class JsonOutput implements Output {
  readonly #write: (text: string) => void;
  readonly #situations = new Map<string, string>();

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  step(text: string): void {
    this.#event(30, 'step', { text });
  }

  progress(services: readonly InstanceState[]): void {
    for (const service of services) {
      const key = `${service.name} ${service.index}`;
      const now = situation(service);
      if (this.#situations.get(key) === now) continue;
      this.#situations.set(key, now);
      const { name, index, state, waiting, urls } = service;
      this.#event(30, 'progress', {
        name,
        index,
        state,
        ...(waiting && { waiting }),
        ...(state === 'ready' && { urls }),
      });
    }
  }

  line(name: string, line: string): void {
    if (line.startsWith('{') && line.endsWith('}') && line.includes('"service"')) this.#write(`${line}\n`);
    else this.#write(`${JSON.stringify({ level: 30, time: new Date().toISOString(), service: name, event: line })}\n`);
  }

  notice(text: string): void {
    this.#event(40, 'notice', { text });
  }

  ready(services: readonly InstanceState[], readyInMs: number, examples: readonly string[]): void {
    this.#event(30, 'ready', { readyInMs, services, examples });
  }

  failure(sentence: string): void {
    this.#event(60, 'failure', { text: sentence });
  }

  #event(level: number, event: string, facts: object): void {
    this.#write(`${JSON.stringify({ level, time: new Date().toISOString(), service: 'rookery', event, ...facts })}\n`);
  }
}
