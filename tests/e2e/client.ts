import { setTimeout as pause } from 'node:timers/promises';

/** An answer of the platform, its body parsed when it is JSON. */
export interface Answer {
  status: number;
  headers: Headers;
  // The body is whatever the service sent; each test says what it expects of it.
  // biome-ignore lint/suspicious/noExplicitAny: foreign JSON, asserted by the test that reads it
  body: any;
}

export async function call(url: string, init: RequestInit & { json?: unknown } = {}): Promise<Answer> {
  const { json, ...rest } = init;
  const response = await fetch(url, {
    signal: AbortSignal.timeout(15_000),
    ...rest,
    ...(json === undefined
      ? {}
      : {
          method: rest.method ?? 'POST',
          body: JSON.stringify(json),
          headers: { 'content-type': 'application/json', ...rest.headers },
        }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** Asks until `probe` gives a value; fails with what it last saw once `withinMs` is over. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  withinMs = 20_000,
  everyMs = 50,
): Promise<T> {
  const endMs = Date.now() + withinMs;
  let last: unknown;
  do {
    try {
      const value = await probe();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    await pause(everyMs);
  } while (Date.now() < endMs);
  throw new Error(`not within ${withinMs} ms: ${what}`, { cause: last });
}
