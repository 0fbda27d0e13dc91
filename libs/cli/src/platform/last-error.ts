const REMEMBERED = 60;

/** Remembers the latest lines of a process and finds the one that says why it ended. */
export class LastError {
  readonly #lines: string[] = [];

  add(line: string): void {
    if (this.#lines.push(line) > REMEMBERED) this.#lines.shift();
  }

  clear(): void {
    this.#lines.length = 0;
  }

  /** The error of the newest log line that is one, else the newest line that is not part of a stack. */
  get text(): string | undefined {
    const newest = [...this.#lines].reverse();
    const text = newest.map(errorOf).find(Boolean) ?? newest.find((line) => !isNoise(line));
    return text?.trim().split('\n')[0];
  }
}

function errorOf(line: string): string | undefined {
  if (line.startsWith('{')) return loggedError(line);
  return /^(?:Uncaught )?\w*(?:Error|Exception)(?: \[\w+\])?: .+/.exec(line.trim())?.[0];
}

function loggedError(line: string): string | undefined {
  try {
    const entry = JSON.parse(line) as {
      level?: unknown;
      event?: unknown;
      msg?: unknown;
      reason?: unknown;
      error?: unknown;
    };
    const level =
      typeof entry.level === 'number' ? entry.level : entry.level === 'error' || entry.level === 'fatal' ? 50 : 0;
    if (level < 50) return undefined;
    const error = entry.error as { message?: unknown } | undefined;
    return [error?.message, entry.reason, entry.msg, entry.event].find(
      (text) => typeof text === 'string' && text !== '',
    ) as string | undefined;
  } catch {
    return undefined;
  }
}

function isNoise(line: string): boolean {
  const text = line.trim();
  return text === '' || text.startsWith('{') || /^at |^Node\.js v|^\^+$|^[}\])]|^throw |^(?:file|node):/.test(text);
}
