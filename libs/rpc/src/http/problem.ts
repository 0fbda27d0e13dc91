import { RookeryError } from '@rookery/observability';
import { rpcErrors } from '../errors/rpc-errors.ts';

/** Members of problem details that are ours to read; the others are the error's details. */
const KNOWN = new Set(['type', 'title', 'status', 'detail', 'code', 'traceId', 'instance']);
/** Answers of an instance that has no capacity, behind which the work was not done. */
const NOT_NOW = new Set([503]);

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The error that a failed answer tells of: the sender's own where it speaks in problem details. */
export function problemOf(service: string, status: number, headers: Headers, text: string): RookeryError {
  const retryAfterMs = retryAfter(headers['retry-after']);
  const problem = parse(text);
  if (problem) {
    const details = Object.fromEntries(Object.entries(problem).filter(([key]) => !KNOWN.has(key)));
    return new RookeryError(problem.code, problem.detail, {
      status,
      ...(Object.keys(details).length > 0 && { details }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }
  if (NOT_NOW.has(status)) return rpcErrors.overloaded(service, status, retryAfterMs);
  return rpcErrors.failed(service, status >= 400 ? status : 502, `status ${status}`);
}

function parse(text: string): { code: string; detail: string; [key: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('code' in value) || typeof value.code !== 'string')
      return undefined;
    const detail = 'detail' in value && typeof value.detail === 'string' ? value.detail : value.code;
    return { ...value, code: value.code, detail };
  } catch {
    return undefined;
  }
}

/** Retry-After in ms, from seconds; dates are not read. */
function retryAfter(header: string | string[] | undefined): number | undefined {
  const text = [header].flat()[0];
  return text && /^\d{1,6}$/.test(text) ? Number(text) * 1_000 : undefined;
}
