import { spanIdOf, traceIdOf } from './trace.ts';

/** One finished request: at once its span, as ids, time, duration and what it was about. */
export interface AccessEntry {
  method: string;
  /** Without the query: it may hold secrets. */
  path: string;
  status: number;
  durationMs: number;
  responseBytes: number;
  route: string;
  service: string;
  instance: string;
  tries: number;
  /** The gateway's span. */
  traceparent: string;
  parentSpanId: string | undefined;
  requestId: string;
  /** Why the gateway itself answered. */
  code: string | undefined;
  /** Filter or part that refused it. */
  refusedBy: string | undefined;
}

const BUFFER_BYTES = 64 * 1024;
const FLUSH_MS = 100;

/** Writes one JSON line a request, in the shape of the other logs, many lines at a time. */
export class AccessLog {
  readonly #write: (lines: Uint8Array) => void;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #used = 0;
  #timer: NodeJS.Timeout | undefined;
  #secondMs = 0;
  #second = '';
  #nowMs = 0;
  #now = '';

  constructor(write: (lines: Uint8Array) => void = (lines) => process.stdout.write(lines)) {
    this.#write = write;
  }

  add(entry: AccessEntry): void {
    const { path, code, refusedBy, instance, traceparent, parentSpanId } = entry;
    const line =
      `{"level":30,"time":"${this.#time()}","service":"gateway","event":"request","method":"${entry.method}","path":"` +
      `${inJson(path)}","status":${entry.status},"durationMs":${inHundredths(entry.durationMs)},"responseBytes":` +
      `${entry.responseBytes},"route":"${entry.route}","upstream":"${entry.service}","upstreamInstance":"${inJson(instance)}",` +
      `"tries":${entry.tries},"traceId":"${traceIdOf(traceparent)}","spanId":"${spanIdOf(traceparent)}",` +
      `${parentSpanId === undefined ? '' : `"parentSpanId":"${parentSpanId}",`}"requestId":"${inJson(entry.requestId)}"` +
      `${code === undefined ? '' : `,"code":"${code}"`}${refusedBy === undefined ? '' : `,"refusedBy":"${refusedBy}"`}}\n`;
    if (this.#used + line.length > BUFFER_BYTES) this.flush();
    // All of it is ASCII, so that a character is a byte.
    this.#used += this.#buffer.write(line, this.#used, 'latin1');
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#used === 0) return;
    const lines = Buffer.from(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
    this.#write(lines);
  }

  #time(): string {
    const nowMs = Date.now();
    if (nowMs === this.#nowMs) return this.#now;
    const ms = nowMs % 1_000;
    if (nowMs - ms !== this.#secondMs) {
      this.#secondMs = nowMs - ms;
      this.#second = new Date(this.#secondMs).toISOString().slice(0, 20);
    }
    this.#nowMs = nowMs;
    this.#now = `${this.#second}${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}Z`;
    return this.#now;
  }
}

/** With two decimals, which is cheaper than the shortest text of a fraction. */
function inHundredths(ms: number): string {
  const hundredths = Math.round(ms * 100);
  const rest = hundredths % 100;
  return `${(hundredths - rest) / 100}.${rest < 10 ? '0' : ''}${rest}`;
}

/** As it stands between the quotes of JSON, in nothing but ASCII; almost every text needs no escape. */
const inJson = (text: string): string =>
  /^[ !#-[\]-~]*$/.test(text)
    ? text
    : JSON.stringify(text)
        .slice(1, -1)
        .replace(/[^ -~]/g, escaped);

const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
