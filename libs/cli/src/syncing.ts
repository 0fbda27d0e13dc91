import { type Command, InvalidArgumentError, Option } from 'commander';
import type { AdministrationOptions } from './administration.ts';
import type { SyncFlags } from './commands/sync.ts';

interface Flags extends Pick<SyncFlags, 'from' | 'to' | 'both' | 'only' | 'except' | 'dryRun' | 'leave'> {
  lease: number;
  removalsAfter: number;
  afterOutage: number;
  giveUpAfter: number;
}

/** Adds `rookery sync`: one registry mirrored into another. */
export function addSyncing(program: Command, { environment, print, examples }: AdministrationOptions): void {
  examples(
    program
      .command('sync')
      .description(
        'Mirror the services of one registry into another until Ctrl-C, to move a running estate. ' +
          'A mirrored instance is never mirrored again, and one that is there already is left alone.',
      )
      .option('--from <url>', 'registry that is mirrored, a URL as in DISCOVERY_URL; SYNC_FROM when not given')
      .option('--to <url>', 'registry that it is mirrored into; SYNC_TO when not given')
      .option('--both', 'mirror each into the other')
      .option('--only <patterns>', 'services that are mirrored, * is any text: shop-*,orders', parsePatterns)
      .option('--except <patterns>', 'services that are not', parsePatterns)
      .option('--dry-run', 'show what would be mirrored, and end')
      .option('--leave', 'when stopped, release what is mirrored at once; else it stays for its lease')
      .addOption(time('--lease <time>', 'how long it stays; another sync that begins meanwhile takes it over', '60s'))
      .addOption(time('--removals-after <time>', 'release what is missing for so long', '3s'))
      .addOption(time('--after-outage <time>', 'release nothing for so long after a start or an outage', '30s'))
      .addOption(time('--give-up-after <time>', 'release all when the registry was away for so long', '10m'))
      .action(async ({ lease, removalsAfter, afterOutage, giveUpAfter, ...flags }: Flags) => {
        const { sync } = await import('./commands/sync.ts');
        const times = { removalsAfterMs: removalsAfter, afterOutageMs: afterOutage, giveUpAfterMs: giveUpAfter };
        await sync(environment, { ...flags, ...times, leaseMs: lease }, print);
      }),
    'rookery sync --from eureka+http://10.0.0.5:8761/eureka --to consul://10.0.0.6:8500 --dry-run',
    "rookery sync --from eureka+http://10.0.0.5:8761/eureka --to consul://10.0.0.6:8500 --both --except 'internal-*'",
    'SYNC_TO=consul://10.0.0.6:8500?token=... rookery sync --from zookeeper://10.0.0.7:2181/shop --leave',
  );
}

function parsePatterns(text: string): string[] {
  const patterns = text.split(',').map((pattern) => pattern.trim());
  if (!patterns.every((pattern) => /^[\w.*-]{1,128}$/.test(pattern)))
    throw new InvalidArgumentError('Expected names like shop-*,orders.');
  return patterns;
}

const time = (flag: string, description: string, usual: string): Option =>
  new Option(flag, description).argParser(parseTime).default(parseTime(usual), usual);

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `500ms`, `3s` or `10m`, from half a second to a day. */
function parseTime(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,6})(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS[unit] ?? Number.NaN);
  if (!(ms >= 500 && ms <= 24 * 3_600_000)) throw new InvalidArgumentError('Expected a time like 500ms, 3s or 10m.');
  return ms;
}
