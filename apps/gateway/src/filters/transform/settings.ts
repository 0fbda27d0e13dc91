import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';
import { RequestHeaderName, ResponseHeaderName } from '../headers/header-settings.ts';
import { compileExpression, type Variables } from './expression.ts';

const expression = (...names: (keyof Variables)[]) =>
  z
    .string()
    .max(4_096)
    .superRefine((text, context) => {
      try {
        compileExpression(text, names);
      } catch (error) {
        const reason = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0];
        context.addIssue({ code: 'custom', message: `expected a CEL expression: ${reason}` });
      }
    });

/** Headers and JSON bodies as expressions of what came. */
export const TransformSettings = strictObject({
  name: z.literal('transform'),
  request: strictObject({
    /** Null takes a header out. */
    headers: z.record(RequestHeaderName, expression('request')).default({}),
    body: expression('request', 'body').optional(),
  }).prefault({}),
  response: strictObject({
    headers: z.record(ResponseHeaderName, expression('request', 'response')).default({}),
    body: expression('request', 'response', 'body').optional(),
  }).prefault({}),
  /** Bodies that are transformed are read whole; longer ones are refused. */
  maxBodyBytes: z.int().min(1).max(1_048_576).default(65_536),
});

export type TransformSettings = z.infer<typeof TransformSettings>;
