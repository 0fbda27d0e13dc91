import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/** Sizes that V8's young generation takes under load, in MB; `before` runs first. */
function sizesMb(before: string): number[] {
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8';
    ${before}
    const sizes = new Set();
    for (let at = 0, kept = []; at < 400_000; at++) {
      if (kept.push({ at }) > 20_000) kept = [];
      if (at % 1_000 === 0)
        sizes.add(getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size / 2 ** 20);
    }
    console.log(JSON.stringify([...sizes]));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return JSON.parse(stdout) as number[];
}

describe('growYoungGenerationAtOnce', () => {
  it('skips the sizes between the smallest and the largest, which V8 goes through otherwise', () => {
    const file = new URL('./young-generation.ts', import.meta.url).href;
    const atOnce = sizesMb(`(await import('${file}')).growYoungGenerationAtOnce();`);
    const isBetween = (mb: number) => mb > 2 && mb < 16;
    expect(sizesMb('').some(isBetween)).toBe(true);
    expect(atOnce.some(isBetween)).toBe(false);
    expect(Math.max(...atOnce)).toBeGreaterThanOrEqual(16);
  });
});
