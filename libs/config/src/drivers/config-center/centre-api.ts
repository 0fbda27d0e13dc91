import type { AppliedReport, Snapshot } from '../../config.ts';
import { readEvents, type StreamEvent } from './event-stream.ts';
import { releaseOnWire } from './wire.ts';

/** The centre refused the request itself; asking again does not help. */
export class RefusedByCentre extends Error {}

/** The HTTP API of apps/config-center, for one namespace / group / service. Every call has a deadline. */
export class CentreApi {
  readonly #base: string;

  constructor(
    origin: string,
    key: readonly string[],
    private readonly instance: string,
    private readonly timeoutMs: number,
  ) {
    this.#base = `${origin}/api/config-center/settings/${key.map(encodeURIComponent).join('/')}`;
  }

  async current(): Promise<Snapshot> {
    const response = await fetch(this.#base, { signal: AbortSignal.timeout(this.timeoutMs) });
    await expectOk(response);
    return releaseOnWire.parse(await response.json());
  }

  async report(report: AppliedReport): Promise<void> {
    const response = await fetch(`${this.#base}/reports`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instance: this.instance, ...report }),
      signal: AbortSignal.timeout(this.timeoutMs),
    });
    await expectOk(response);
    await response.body?.cancel();
  }

  /** The stream of releases after a version. Its head must come in time; its silence is the caller's to judge. */
  async *watch(afterVersion: number, signal: AbortSignal): AsyncGenerator<StreamEvent> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error(`no answer within ${this.timeoutMs} ms`)), this.timeoutMs);
    let response: Response;
    try {
      const query = new URLSearchParams({ after: String(afterVersion), instance: this.instance });
      response = await fetch(`${this.#base}/watch?${query}`, {
        headers: { accept: 'text/event-stream' },
        signal: AbortSignal.any([signal, late.signal]),
      });
    } finally {
      clearTimeout(timer);
    }
    await expectOk(response);
    if (response.body) yield* readEvents(response.body);
  }
}

async function expectOk(response: Response): Promise<void> {
  if (response.ok) return;
  const text = (await response.text()).slice(0, 300);
  const sentence = `it answered ${response.status}: ${text}`;
  throw response.status >= 400 && response.status < 500 && response.status !== 429
    ? new RefusedByCentre(sentence)
    : new Error(sentence);
}
