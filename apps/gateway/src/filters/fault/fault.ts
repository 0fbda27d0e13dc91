import { setTimeout } from 'node:timers/promises';
import { RookeryError } from '@rookery/observability';
import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';
import type { Call, Filter, FilterKind, FilterParts, Verdict } from '../filter.ts';

const Percent = z.number().min(0).max(100).default(100);

const Settings = strictObject({
  name: z.literal('fault'),
  /** Only for requests that say so: with this header, and this value where one is given. */
  header: strictObject({
    name: z.string().regex(/^[a-z0-9-]{1,64}$/),
    value: z.string().max(200).optional(),
  }).optional(),
  delay: strictObject({ ms: z.int().min(1).max(60_000), percent: Percent }).optional(),
  abort: strictObject({ status: z.int().min(400).max(599), percent: Percent }).optional(),
}).superRefine(({ delay, abort }, context) => {
  if (!delay && !abort) context.addIssue({ code: 'custom', path: ['abort'], message: 'expected delay, abort or both' });
});

type Settings = z.infer<typeof Settings>;

/** Makes a share of the requests late or fail, to see what callers make of it. */
class Fault implements Filter {
  readonly name = 'fault';
  readonly #settings: Settings;
  readonly #random: () => number;

  constructor(settings: Settings, { random }: FilterParts) {
    this.#settings = settings;
    this.#random = random;
  }

  onRequest(call: Call): Verdict | Promise<Verdict> {
    const { header, delay, abort } = this.#settings;
    if (header) {
      const value = call.header(header.name);
      if (value === undefined || (header.value !== undefined && value !== header.value)) return undefined;
    }
    const failure = abort && this.#hits(abort.percent) ? failed(abort.status) : undefined;
    if (!delay || !this.#hits(delay.percent)) return failure;
    // A client that leaves ends the wait.
    return setTimeout(delay.ms, failure, { signal: call.signal }).catch(() => failure);
  }

  #hits(percent: number): boolean {
    return this.#random() * 100 < percent;
  }
}

const failed = (status: number): RookeryError =>
  new RookeryError('FAULT_INJECTED', 'This failure was asked for by the settings of the route.', { status });

export const fault: FilterKind<Settings> = {
  name: 'fault',
  schema: Settings,
  order: 310,
  create: (settings, parts) => new Fault(settings, parts),
};
