import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { figureParts, type Report } from './figures.ts';

const PAGE = new URL('../../docs/figures.md', import.meta.url);
const HEAD = `# Figures

Measured side by side in one run by \`npm run bench -- <area> --write\` and \`npm run chaos -- <area> --write\`, which write the tables between the marks. Ratios and medians of rounds in turn on one machine: they say how things compare, not what another machine does.
`;

/** Puts what was measured of an area into docs/figures.md, in place of what stood there of it. */
export function writeFigures(kind: string, area: string, report: Report, page = PAGE, now = new Date()): void {
  const before = existsSync(page) ? readFileSync(page, 'utf8') : HEAD;
  writeFileSync(page, withSection(before, `${kind} ${area}`, sectionOf(report, now)));
}

/** The page with this section of an area; what people wrote outside of it stays. */
export function withSection(page: string, area: string, section: string): string {
  const [start, end] = [`<!-- ${area} -->`, `<!-- end of ${area} -->`];
  const marked = `${start}\n\n${section}\n\n${end}`;
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from >= 0 && to > from) return page.slice(0, from) + marked + page.slice(to + end.length);
  return `${page.trimEnd()}\n\n## ${area}\n\n${marked}\n`;
}

function sectionOf({ figures, tables }: Report, now: Date): string {
  const machine = `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? 'unknown make'}, Node ${process.version}`;
  return [
    `Measured on ${now.toISOString().slice(0, 10)}, ${machine}.`,
    markdown(['figure', 'value', 'goal', ''], figures.map(figureParts)),
    ...tables.map(({ title, columns, rows }) => `${title}:\n\n${markdown(columns, rows)}`),
  ].join('\n\n');
}

/** A table with its columns aligned, as the formatter has them. */
function markdown(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, at) => Math.max(3, column.length, ...rows.map((row) => (row[at] ?? '').length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(columns), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
