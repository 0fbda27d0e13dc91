import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { figureLine, isMet, type Report } from './figures.ts';
import { writeFigures } from './figures-page.ts';

/** What is measured together. */
export interface Area {
  /**
   * `rounds`: how much is measured, in what the area counts: rounds of a bench, requests of each scenario. `minutes`: how
   * long what lasts shall last. `parts`: which parts of it, by name; all when none is named.
   */
  run(options: { rounds?: number; minutes?: number; parts?: readonly string[] }): Promise<Report>;
  /** Names of what can be measured by itself. */
  parts?: readonly string[];
  /** Where `--write` writes; docs/figures.md when not given. */
  page?: URL;
}

/** Measures the area that the command line names; prints tables and figures, and exits 1 when a figure is missed. */
export async function runArea(
  kind: 'bench' | 'chaos',
  areas: Readonly<Record<string, () => Promise<Area>>>,
): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      rounds: { type: 'string' },
      minutes: { type: 'string' },
      write: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const [name = '', ...parts] = positionals;
  const usage = `npm run ${kind} -- ${Object.keys(areas).join('|')} [PART...] [--json FILE] [--write] [--rounds N] [--minutes N]`;
  if (values.help) {
    console.log(usage);
    return;
  }
  const area = Object.hasOwn(areas, name) ? await areas[name]?.() : undefined;
  if (!area) {
    console.error(`Say which area: ${usage}`);
    process.exit(2);
  }
  const unknown = parts.find((part) => !area.parts?.includes(part));
  if (unknown !== undefined) {
    console.error(`${name} has ${area.parts ? `the parts ${area.parts.join(', ')}` : 'no parts'}, not ${unknown}.`);
    process.exit(2);
  }
  if (parts.length > 0 && values.write) {
    console.error('--write is for a whole area: its parts stand in one section of the page.');
    process.exit(2);
  }
  const report = await area.run({
    ...(parts.length > 0 && { parts }),
    ...(values.rounds !== undefined && { rounds: Number(values.rounds) }),
    ...(values.minutes !== undefined && { minutes: Number(values.minutes) }),
  });
  const { figures, tables } = report;
  for (const { title, columns, rows } of tables) {
    console.log(title);
    console.table(rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]]))));
  }
  for (const figure of figures) console.log(figureLine(figure));
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ area: name, figures, tables }, null, 2)}\n`);
  if (values.write) writeFigures(kind, name, report, area.page);
  process.exitCode = figures.every(isMet) ? 0 : 1;
}
