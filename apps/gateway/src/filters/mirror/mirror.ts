import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';
import type { Call, Filter, FilterKind, FilterParts } from '../filter.ts';
import { askAside } from '../side/ask-aside.ts';
import { BodyCopy } from './body-copy.ts';

const Settings = strictObject({
  name: z.literal('mirror'),
  /** The service that gets a copy. */
  service: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected the name of a service'),
  percent: z.number().min(0).max(100).default(100),
  /** A request with a longer body is not copied. */
  maxBodyBytes: z.int().min(0).max(10_000_000).default(65_536),
  /** Copies under way at once; while there are so many, no more are made. */
  maxInFlight: z.int().min(1).max(10_000).default(64),
  timeoutMs: z.int().min(1).max(600_000).default(5_000),
});

type Settings = z.infer<typeof Settings>;

const NOTE = 'mirror';
/** A longer answer ends with its connection: nobody reads it. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Sends a copy of requests to another service too, and forgets what that answers. The client notices nothing of it. */
class Mirror implements Filter {
  readonly name = 'mirror';
  readonly #settings: Settings;
  readonly #parts: Pick<FilterParts, 'targets' | 'random' | 'metrics'>;
  readonly #copies;
  #inFlight = 0;

  constructor(settings: Settings, parts: FilterParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#copies = parts.metrics.counter('gateway_mirrored_total', 'Copies of requests by service and how they ended', [
      'upstream',
      'outcome',
    ]);
  }

  onRequest(call: Call): undefined {
    if (this.#parts.random() * 100 >= this.#settings.percent || call.request.headers.upgrade !== undefined) return;
    if (this.#isFull()) return;
    // Later the exchange adds its own to the same list.
    const headers = [...call.headers, ...ownHeaders(call)];
    if (call.hasBody) call.notes.set(NOTE, headers);
    else void this.#send(call, headers);
  }

  requestBody(call: Call): Duplex | undefined {
    const headers = call.notes.get(NOTE) as string[] | undefined;
    if (!headers) return undefined;
    return new BodyCopy(this.#settings.maxBodyBytes, (body) => {
      // A second try reads the body anew.
      if (call.notes.delete(NOTE) && !this.#isFull()) void this.#send(call, headers, body);
    });
  }

  state(): Record<string, unknown> {
    return { service: this.#settings.service, inFlight: this.#inFlight };
  }

  /** Asked again when a body has come: many may have begun before the first of them is sent. */
  #isFull(): boolean {
    const { maxInFlight, service } = this.#settings;
    if (this.#inFlight < maxInFlight) return false;
    this.#copies.inc({ upstream: service, outcome: 'skipped' });
    return true;
  }

  async #send(call: Call, headers: readonly string[], body?: Buffer): Promise<void> {
    const { service, timeoutMs } = this.#settings;
    const { method, target: path } = call;
    this.#inFlight++;
    let outcome = 'failed';
    try {
      const target = this.#parts.targets.open(service);
      if (!target) throw new Error(`${service} is not registered, or not open to clients`);
      const limits = { deadlineMs: timeoutMs, maxBodyBytes: MAX_ANSWER_BYTES };
      await askAside(target, { method, path, headers, body }, limits);
      outcome = 'answered';
    } catch {
      // Counted below; the one who asked knows nothing of the copy.
    } finally {
      this.#inFlight--;
      this.#copies.inc({ upstream: service, outcome });
    }
  }
}

const ownHeaders = (call: Call): string[] => [
  'x-forwarded-for',
  call.clientAddress,
  'x-forwarded-host',
  call.host,
  'x-request-id',
  call.requestId,
  'traceparent',
  call.traceparent,
  'x-mirrored',
  'true',
];

export const mirror: FilterKind<Settings> = {
  name: 'mirror',
  schema: Settings,
  order: 460,
  create: (settings, parts) => new Mirror(settings, parts),
};
