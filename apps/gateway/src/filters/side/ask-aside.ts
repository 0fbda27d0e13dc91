import { type FlatHeaders, recordOf } from '../../request/flat-headers.ts';
import type { Controller, UpstreamHandler } from '../../upstream/http1/request-in-flight.ts';
import type { Target } from '../../upstream/target.ts';

/** A request of the gateway's own, beside those of clients: to check a cached response, to mirror. */
export interface SideRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body?: Buffer | undefined;
}

export interface SideLimits {
  /** From here to the last byte of the response. */
  readonly deadlineMs: number;
  /** A longer body fails. */
  readonly maxBodyBytes: number;
}

export interface SideResponse {
  readonly status: number;
  /** Several of one name joined. */
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** Asks one instance once. Fails where there is none, where it is full, or where the answer is late or too long. */
export async function askAside(
  target: Target,
  { method, path, headers, body }: SideRequest,
  { deadlineMs, maxBodyBytes }: SideLimits,
): Promise<SideResponse> {
  const pool = target.choose();
  if (!pool || pool.isFull) throw new Error(`no instance of ${target.service} has room`);
  const sinceMs = performance.now();
  target.begin(pool);
  let outcome: 'answered' | 'failed' = 'failed';
  try {
    const request = { method, path, headers, body, idleTimeoutMs: deadlineMs };
    const response = await new Promise<SideResponse>((resolve, reject) => {
      pool.http.ask(request, new SideAnswer(maxBodyBytes, deadlineMs, resolve, reject));
    });
    outcome = 'answered';
    return response;
  } finally {
    target.end(pool, performance.now() - sinceMs, outcome);
  }
}

/** Puts an answer together; gives it up where it is late or too long. */
class SideAnswer implements UpstreamHandler {
  readonly #maxBytes: number;
  readonly #resolve: (response: SideResponse) => void;
  readonly #reject: (error: Error) => void;
  readonly #late: NodeJS.Timeout;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #headers: FlatHeaders = [];
  #controller: Controller | undefined;
  #isLate = false;

  constructor(
    maxBytes: number,
    deadlineMs: number,
    resolve: (response: SideResponse) => void,
    reject: (error: Error) => void,
  ) {
    this.#maxBytes = maxBytes;
    this.#resolve = resolve;
    this.#reject = reject;
    const error = new Error(`no whole response came within ${deadlineMs} ms`);
    this.#late = setTimeout(() => {
      this.#isLate = true;
      this.#controller?.abort(error);
      reject(error);
    }, deadlineMs);
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#isLate) controller.abort(new Error('it waited too long for a connection'));
  }

  onResponseHead(_: Controller, status: number, headers: FlatHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes)
      controller.abort(new Error(`the response is longer than ${this.#maxBytes} bytes`));
    else this.#chunks.push(Buffer.from(chunk));
  }

  onResponseEnd(): void {
    clearTimeout(this.#late);
    this.#resolve({ status: this.#status, headers: recordOf(this.#headers), body: Buffer.concat(this.#chunks) });
  }

  onResponseError(_: Controller, error: Error): void {
    clearTimeout(this.#late);
    this.#reject(error);
  }
}
