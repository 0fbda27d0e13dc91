import type { z } from 'zod';
import { Refusal } from '../domain/refusal.ts';
import type { Request } from './exchange.ts';

/** The body as bytes. Consul looks at no content type, and `curl --data` sends a form's. */
export const bytes = ({ body }: Request): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));

/** The body as JSON, checked. An empty one is `{}`. */
export function jsonBody<T>(request: Request, schema: z.ZodType<T>): T {
  const text = bytes(request).toString('utf8').trim();
  let value: unknown;
  try {
    value = text === '' ? {} : JSON.parse(text);
  } catch {
    throw new Refusal(400, 'Request decode failed: the body is not JSON');
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const message = issue?.message ?? 'invalid body';
  if (message.startsWith('Missing ')) throw new Refusal(400, message);
  throw new Refusal(400, `Request decode failed: ${[issue?.path.join('.'), message].filter(Boolean).join(': ')}`);
}
