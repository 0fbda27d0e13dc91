import Table from 'cli-table3';

const WIDTH = 80;
const GAP = 2;
const NARROWEST = 12;

/**
 * Text columns of at most 80 columns together. The column at `flexible` takes what the others leave, and wraps at words;
 * when even that is not enough the widest of the others are cut.
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { flexible }: { flexible: number },
): string {
  const natural = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const colWidths = fit(natural, flexible).map((width) => width + GAP);
  const blank = Object.fromEntries(
    [
      'top',
      'top-mid',
      'top-left',
      'top-right',
      'bottom',
      'bottom-mid',
      'bottom-left',
      'bottom-right',
      'left',
      'left-mid',
      'mid',
      'mid-mid',
      'right',
      'right-mid',
      'middle',
    ].map((part) => [part, '']),
  );
  const table = new Table({
    head: [...head],
    colWidths,
    wordWrap: true,
    chars: blank,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Widths that sum to what fits. */
export function fit(natural: readonly number[], flexible: number): number[] {
  const widths = [...natural];
  const room = WIDTH - GAP * natural.length;
  const excess = () => widths.reduce((sum, width) => sum + width, 0) - room;
  const shrink = (at: number) => {
    const width = widths[at] ?? 0;
    widths[at] = Math.max(Math.min(width, NARROWEST), width - Math.max(0, excess()));
  };
  shrink(flexible);
  while (excess() > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    const before = widths[widest] ?? 0;
    shrink(widest);
    if (widths[widest] === before) break;
  }
  return widths;
}
