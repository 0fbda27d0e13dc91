import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Stage } from './contract.ts';
import { FencedResource, until } from './workers.ts';

const [PROCESSES, ROUNDS] = [3, 8];
/** A busy machine may start the next holder this late. */
const SLACK_MS = 10_000;

export function processCases({ open, name, worker, leaseMs, ...stage }: Stage): void {
  it('keeps every two of them apart, and hands out tokens that grow', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rookery-coordination-'));
    const file = join(folder, 'entries');
    const job = { kind: 'rounds', name: name(), leaseMs: Math.max(leaseMs, 10_000), rounds: ROUNDS, file } as const;
    const workers = await Promise.all(Array.from({ length: PROCESSES }, () => worker(job)));
    await Promise.all(workers.map((each) => each.says('done', 60_000)));
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    rmSync(folder, { recursive: true });
    expect(lines).toHaveLength(2 * PROCESSES * ROUNDS);
    const entries = lines.filter((_, at) => at % 2 === 0);
    expect(lines.filter((_, at) => at % 2 === 1)).toEqual(entries.map((line) => line.replace('enter', 'leave')));
    const tokens = entries.map((line) => BigInt(line.split(' ')[1] ?? 0));
    expect(tokens.every((token, at) => at === 0 || token > (tokens[at - 1] ?? 0n))).toBe(true);
  });

  it('frees the lock of a killed one within its lease, and lets a paused one write no more', async () => {
    const [killed, paused] = [name(), name()];
    const resource = new FencedResource();
    const victim = await worker({ kind: 'hold', name: killed, leaseMs });
    const sleeper = await worker({ kind: 'hold', name: paused, leaseMs }, resource.write);
    const client = await open();
    const tokens = { victim: BigInt(await victim.says('held')), sleeper: BigInt(await sleeper.says('held')) };
    await until('it writes', () => resource.taken.length > 3);

    sleeper.signal('SIGSTOP');
    await victim.kill();
    const patience = { leaseMs, waitMs: stage.freedWithinMs + SLACK_MS };
    const [afterKilled, afterPaused] = await Promise.all([
      client.acquire(killed, patience),
      client.acquire(paused, patience),
    ]);
    expect(afterKilled.token > tokens.victim).toBe(true);
    expect(afterPaused.token > tokens.sleeper).toBe(true);
    // What the sleeper had said before it was stopped has arrived by now.
    const before = resource.taken.length;
    resource.write({ write: String(afterPaused.token) });

    sleeper.signal('SIGCONT');
    expect(await sleeper.says('lost')).toBe('COORDINATION_LOST');
    const late = sleeper.said.slice(sleeper.said.findIndex(({ lost }) => lost !== undefined));
    expect(late.filter(({ checked }) => checked)).toEqual([]);
    expect(resource.taken.length).toBe(before + 1);
    expect(resource.refused.filter(({ checked }) => checked)).toEqual([]);
    // A holder that does not look is stopped by the resource.
    resource.write({ write: String(tokens.sleeper), checked: false });
    expect(resource.taken.length).toBe(before + 1);
    expect(afterPaused.held).toBe(true);
    await Promise.all([afterKilled.release(), afterPaused.release()]);
  });
}
