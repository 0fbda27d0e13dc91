import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** GitHub and Forgejo send `sha256=…`, Gitea and Gogs the number alone. */
const HEADERS = ['x-hub-signature-256', 'x-gitea-signature', 'x-gogs-signature'] as const;

/** Whether a webhook is signed with the secret: HMAC-SHA256 of its body as it came. */
export function isSigned(headers: IncomingHttpHeaders, body: Buffer, secret: string): boolean {
  const header = HEADERS.map((name) => headers[name]).find((value) => value !== undefined);
  if (typeof header !== 'string') return false;
  const given = Buffer.from(header.replace(/^sha256=/, ''), 'hex');
  const expected = createHmac('sha256', secret).update(body).digest();
  return given.length === expected.length && timingSafeEqual(given, expected);
}
