const DEADLINE_MS = 2_000;

export interface Asked {
  signal: AbortSignal;
  /** Deadline of the call; 2000. */
  timeoutMs?: number;
  headers?: Record<string, string>;
  form?: Record<string, string>;
}

export interface Answered {
  status: number;
  headers: Headers;
  body: string;
}

/** One call of an HTTP API, with a deadline. Answers of the server's own trouble are errors; what it refuses is an answer. */
export async function ask(url: string, { signal, timeoutMs = DEADLINE_MS, headers, form }: Asked): Promise<Answered> {
  const deadline = new AbortController();
  const late = setTimeout(() => deadline.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, deadline.signal]),
      ...(headers && { headers }),
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    const body = await response.text();
    if (response.status >= 500 || response.status === 429)
      throw new Error(`it is there, but answered ${response.status}`);
    return { status: response.status, headers: response.headers, body };
  } finally {
    clearTimeout(late);
  }
}
