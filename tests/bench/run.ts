import { existsSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Figure, figureLine, isMet } from './figures.ts';

/** What a bench area exports. */
interface Area {
  run(): Promise<Figure[]>;
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
const [area] = positionals;
const file = new URL(`./${area}.ts`, import.meta.url);

if (!area || !/^[a-z-]+$/.test(area) || ['run', 'figures'].includes(area) || !existsSync(file)) {
  console.error('Say which area: npm run bench -- gateway [--json FILE]');
  process.exit(2);
}

const { run } = (await import(file.href)) as Area;
const figures = await run();
for (const figure of figures) console.log(figureLine(figure));
if (values.json) writeFileSync(values.json, `${JSON.stringify({ area, figures }, null, 2)}\n`);
process.exitCode = figures.every(isMet) ? 0 : 1;
