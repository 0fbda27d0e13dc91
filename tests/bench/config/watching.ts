import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConfig, openConfigSource } from '@rookery/config';
import { z } from 'zod';

/** What the watchers of this process have seen so far. */
export interface Seen {
  /** The last step in force, by watcher. */
  last: number[];
  /** Times that a watcher's step went back or came twice. */
  wentBack: number;
  /** From before the publishing to in force, of each watcher and release since the last report. */
  latenciesMs: number[];
}

const [url = '', service = '', count = '0'] = process.argv.slice(2);
const IN_TURN = 50;
const schema = z.object({ step: z.number().default(0), sentAtMs: z.number().default(0) });
const home = mkdtempSync(join(tmpdir(), 'rookery-watching-'));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));

const last = new Array<number>(Number(count)).fill(0);
let latenciesMs: number[] = [];
let wentBack = 0;

/** A client as a service has it: loads, watches, validates, puts in force, reports. */
async function watch(at: number): Promise<void> {
  const source = await openConfigSource({ url, service, instance: `watcher-${at}`, home });
  const quiet = { info: () => {}, warn: () => {} };
  const config = await createConfig({ schema, sources: [source], logger: quiet });
  last[at] = config.value.step;
  config.onChange(({ step, sentAtMs }) => {
    latenciesMs.push(Date.now() - sentAtMs);
    if (step <= (last[at] ?? 0)) wentBack += 1;
    last[at] = step;
  });
}

process.on('message', () => {
  process.send?.({ last, wentBack, latenciesMs } satisfies Seen);
  latenciesMs = [];
});
process.on('disconnect', () => process.exit());

for (let at = 0; at < last.length; at += IN_TURN) {
  await Promise.all(Array.from({ length: Math.min(IN_TURN, last.length - at) }, (_, index) => watch(at + index)));
}
process.send?.('ready');
