import { RE2JS } from 're2js';
import { z } from 'zod';

const MAX_CHARACTERS = 512;

/**
 * A regular expression in RE2's syntax: its time is linear in the text, whatever the expression, so that no request can
 * make it run for long. What needs backtracking (look-around, back references) is refused.
 */
export const Pattern = z
  .string()
  .min(1)
  .max(MAX_CHARACTERS)
  .superRefine((text, context) => {
    try {
      RE2JS.compile(text);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `expected a regular expression of RE2 (linear time): ${reason}`;
      context.addIssue({ code: 'custom', message, continue: false });
    }
  });

const PLAIN = /^[A-Za-z0-9 _~:,;@/=-]*$/;

/** Whether the whole of a text is as the pattern says. */
export function compilePattern(pattern: string): (text: string) => boolean {
  const bare = pattern.replace(/^\^/, '').replace(/\$$/, '');
  if (PLAIN.test(bare)) return (text) => text === bare;
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.matcher(text).matches();
}
