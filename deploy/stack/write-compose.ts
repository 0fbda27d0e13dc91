/** `npm run compose`: writes the generated files of deploy/compose. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { composeFiles } from './compose.ts';

const folder = join(import.meta.dirname, '..', 'compose');
for (const [path, content] of Object.entries(composeFiles())) {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  console.log(`deploy/compose/${path}`);
}
