import { z } from 'zod';
import { discoveryErrors } from '../errors.ts';
import { ALGORITHM_NAMES, BY_KEY } from './algorithms.ts';

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const HOUR_MS = 3_600_000;
const ms = (most = HOUR_MS) => z.int().min(1).max(most);

const SuccessRate = z.strictObject({
  everyMs: ms().default(10_000),
  minimumCalls: z.int().min(1).default(20),
  minimumInstances: z.int().min(2).default(3),
  deviations: z.number().min(0.5).max(5).default(1.9),
});

const Ejection = z.strictObject({
  consecutiveFailures: z.int().min(1).max(10_000).default(1),
  firstMs: ms().default(1_000),
  longestMs: ms().default(30_000),
  ceiling: z.number().min(0).max(1).default(1),
  successRate: SuccessRate.optional(),
});

const Health = z.strictObject({
  kind: z.enum(['http', 'tcp', 'grpc']).default('http'),
  path: z.string().startsWith('/').max(1_000).default('/health/ready'),
  service: z
    .string()
    .regex(/^[A-Za-z0-9_.]{0,127}$/, "expected the name of a service, or ''")
    .default(''),
  everyMs: z.int().min(100).max(HOUR_MS).default(5_000),
  timeoutMs: ms(60_000).default(1_000),
  downAfter: z.int().min(1).max(100).default(2),
  upAfter: z.int().min(1).max(100).default(2),
});

const StickyBy = z
  .strictObject({
    header: z.string().regex(TOKEN, 'expected the name of a header').toLowerCase().optional(),
    cookie: z.string().regex(TOKEN, 'expected the name of a cookie').optional(),
    maxAgeMs: ms(400 * 24 * HOUR_MS).optional(),
  })
  .refine(({ header, cookie }) => (header === undefined) !== (cookie === undefined), 'expected a header or a cookie');

const Whole = z
  .strictObject({
    /** How one of the instances is chosen. */
    algorithm: z.enum(ALGORITHM_NAMES).default('p2c'),
    /** Where the key of a call is; needs an algorithm by key. */
    sticky: StickyBy.optional(),
    /** With an algorithm by key: no instance gets more than this many times its share of the running calls. */
    boundedLoad: z.number().min(1.01).max(100).optional(),
    /** Instances of the caller's own zone are asked, and others only as far as these would get more than their share. */
    zone: z
      .strictObject({
        prefer: z.boolean().default(true),
        headroom: z.number().min(1).max(100).default(1),
      })
      .prefault({}),
    /** Each caller talks to so many instances only; a large service then has fewer connections. */
    subset: z.int().min(1).max(100_000).optional(),
    /** One that joins gets its share of traffic little by little. */
    slowStart: z
      .strictObject({ windowMs: ms().default(10_000), fromShare: z.number().min(0.01).max(1).default(0.1) })
      .optional(),
    /** Who fails is left alone for a while. */
    ejection: Ejection.prefault({}),
    /** Each instance is also asked whether it serves, and left alone while it says no. */
    health: Health.optional(),
  })
  .superRefine(({ algorithm, sticky, boundedLoad }, context) => {
    if (BY_KEY.includes(algorithm)) return;
    const issue = (path: string) =>
      context.addIssue({ code: 'custom', path: [path], message: `needs the algorithm ${BY_KEY.join(' or ')}` });
    if (sticky) issue('sticky');
    if (boundedLoad !== undefined) issue('boundedLoad');
  });

/**
 * How the calls to a service are spread over its instances: the name of an algorithm, or an object that also says more.
 * For settings that hold such a part: unknown names are refused with their path.
 */
export const BalanceSettings = z.preprocess(
  (given) => (typeof given === 'string' ? { algorithm: given } : given),
  Whole,
) as z.ZodType<Balance, BalanceInput>;

/** {@link BalanceSettings} with every default filled in. */
export type Balance = z.output<typeof Whole>;

/** What people write. */
export type BalanceInput = z.input<typeof Whole> | Balance['algorithm'];

/** Reads settings that stand in code. Throws `DISCOVERY_BAD_BALANCE`, which names the path. */
export function parseBalance(given: BalanceInput, path = 'balance'): Balance {
  const read = BalanceSettings.safeParse(given);
  if (read.success) return read.data;
  throw discoveryErrors.badBalance(
    read.error.issues.map((issue) => `${[path, ...issue.path].map(String).join('.')}: ${issue.message}`).join('; '),
  );
}

/** What holds where nobody says anything. */
export const DEFAULT_BALANCE: Balance = parseBalance({});
