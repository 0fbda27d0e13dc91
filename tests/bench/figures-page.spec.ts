import { expect, it } from 'vitest';
import { withSection } from './figures-page.ts';

it('a new section stands at the end, and is replaced the next time; what people wrote stays', () => {
  const first = withSection('# Figures\n', 'bench gateway', 'old');
  expect(first).toContain('## bench gateway\n\n<!-- bench gateway -->\n\nold\n\n<!-- end of bench gateway -->\n');
  const page = withSection(`${first}\nWhy so.\n`, 'chaos gateway', 'other');
  const next = withSection(page, 'bench gateway', 'new');
  expect(next).toBe(page.replace('\nold\n', '\nnew\n'));
  expect(next).toContain('Why so.');
});
