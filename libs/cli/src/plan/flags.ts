import { usage } from '../failure.ts';

const MOST_INSTANCES = 20;

/** `gateway,catalog` -> the names. */
export function parseOnly(text: string): string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (names.length === 0) throw usage('--only takes names of apps, separated by commas: --only gateway,catalog.');
  return [...new Set(names)];
}

/** `catalog=2,orders=3` -> instances by name. */
export function parseScale(text: string): Map<string, number> {
  const scale = new Map<string, number>();
  for (const part of text.split(',')) {
    const [, name, digits] = /^\s*([\w-]+)=(\d{1,3})\s*$/.exec(part) ?? [];
    const count = Number(digits);
    if (!name || !(count >= 1 && count <= MOST_INSTANCES)) {
      throw usage(
        `--scale "${part.trim()}" is not NAME=INSTANCES with 1 to ${MOST_INSTANCES} instances: --scale catalog=2.`,
      );
    }
    scale.set(name, count);
  }
  return scale;
}

/** `json` or `pretty`. */
export function parseLogs(text: string): 'json' | 'pretty' {
  if (text !== 'json' && text !== 'pretty') throw usage(`--logs "${text}" is neither json nor pretty.`);
  return text;
}
