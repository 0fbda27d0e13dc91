import type { z } from 'zod';
import { rpcErrors } from '../errors/rpc-errors.ts';
import type { HttpAnswer } from './request-once.ts';

/** The answer as its schema gives it; an answer of another shape is an error that names where it differs. */
export function readAnswer(answer: HttpAnswer, service: string, call: string, schema: z.ZodType | undefined): unknown {
  if (!schema) return undefined;
  let value: unknown;
  try {
    value = answer.text === '' ? undefined : JSON.parse(answer.text);
  } catch {
    throw rpcErrors.unexpectedAnswer(service, call, 'no JSON');
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the answer'}: ${message}`);
  throw rpcErrors.unexpectedAnswer(service, call, problems.slice(0, 5).join('; '));
}
