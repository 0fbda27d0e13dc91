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
    const response = await pool.pool.request({
      method: method as 'GET',
      path,
      headers: [...headers],
      body: body ?? null,
      signal: AbortSignal.timeout(deadlineMs),
    });
    outcome = 'answered';
    return {
      status: response.statusCode,
      headers: joined(response.headers),
      body: await read(response.body, maxBodyBytes),
    };
  } finally {
    target.end(pool, performance.now() - sinceMs, outcome);
  }
}

async function read(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early destroys the body, and its connection with it.
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the response is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const joined = (headers: Record<string, string | string[] | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? []].flat().join(', ')]));
