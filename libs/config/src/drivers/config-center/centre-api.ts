import type { AppliedReport, Snapshot } from '../../config.ts';
import { readEvents, type StreamEvent } from './event-stream.ts';
import type { TokenSource } from './token-of.ts';
import { releaseOnWire } from './wire.ts';

/** The centre refused the request itself; asking again does not help. */
export class RefusedByCentre extends Error {}

interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** The HTTP API of apps/config-center, for one namespace / group / service. Every call has a deadline. */
export class CentreApi {
  readonly #base: string;

  constructor(
    origin: string,
    key: readonly string[],
    private readonly instance: string,
    private readonly labels: string,
    private readonly timeoutMs: number,
    private readonly token: TokenSource = async () => undefined,
    private readonly secrets: 'sealed' | 'plain' = 'plain',
  ) {
    this.#base = `${origin}/api/config-center/settings/${key.map(encodeURIComponent).join('/')}`;
  }

  async current(): Promise<Snapshot> {
    return releaseOnWire.parse(JSON.parse(await this.#ask(`?${this.#who()}`, {})));
  }

  async report(report: AppliedReport): Promise<void> {
    await this.#ask('/reports', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instance: this.instance, ...report }),
    });
  }

  /** The stream of releases after a version. Its head must come in time; its silence is the caller's to judge. */
  async *watch(afterVersion: number, signal: AbortSignal): AsyncGenerator<StreamEvent> {
    const query = this.#who({ after: String(afterVersion) });
    const request = new AbortController();
    const stop = () => request.abort(signal.reason);
    signal.addEventListener('abort', stop);
    try {
      const opening = fetch(`${this.#base}/watch?${query}`, {
        headers: { accept: 'text/event-stream', ...(await this.#authorization()) },
        signal: request.signal,
      });
      const response = await inTime(opening, this.timeoutMs, request);
      await expectOk(response);
      if (response.body) yield* readEvents(readUntil(response.body, signal));
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Who asks: a grey release goes by it. */
  #who(more: Record<string, string> = {}): URLSearchParams {
    const { instance, secrets } = this;
    return new URLSearchParams({ ...more, instance, secrets, ...(this.labels && { labels: this.labels }) });
  }

  async #authorization(): Promise<Record<string, string>> {
    const token = await this.token();
    return token ? { authorization: `Bearer ${token}` } : {};
  }

  async #ask(path: string, init: Asked): Promise<string> {
    const request = new AbortController();
    const exchange = async () => {
      const headers = { ...init.headers, ...(await this.#authorization()) };
      const response = await fetch(this.#base + path, { ...init, headers, signal: request.signal });
      await expectOk(response);
      return response.text();
    };
    return inTime(exchange(), this.timeoutMs, request);
  }
}

/**
 * A body up to its end or the abort of a signal. The reader is cancelled by hand: fetch loses sight of its signal when the
 * garbage collector runs after the head has come (silent-stream.spec.ts), and would leave a dead connection open for ever.
 */
async function* readUntil(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const stop = () => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener('abort', stop);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** Waits for `work` as long as it has time, and then aborts it; does not rely on the abort to end the wait. */
async function inTime<T>(work: Promise<T>, ms: number, request: AbortController): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new Error(`no answer within ${ms} ms`);
    reject(error);
    request.abort(error);
  }, ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
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
