import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the package.json of the running program says of it. */
export interface PackageFacts {
  version?: string;
  description?: string;
}

/** Facts of the nearest package.json above the file that was started; none where there is no such file. */
export function packageFacts(mainFile: string | undefined = process.argv[1]): PackageFacts {
  for (let folder = mainFile && dirname(mainFile); folder; folder = parentOf(folder)) {
    const text = readIfThere(join(folder, 'package.json'));
    if (text === undefined) continue;
    const { version, description } = JSON.parse(text) as PackageFacts;
    return { ...(version && { version }), ...(description && { description }) };
  }
  return {};
}

function parentOf(folder: string): string | undefined {
  const parent = dirname(folder);
  return parent === folder ? undefined : parent;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
