import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Caller } from './caller.ts';

/** Who gets a grey release: an instance that is named, or has all the labels, or is among the percentage. */
export const GreyRule = z
  .strictObject({
    instances: z.array(z.string().min(1).max(200)).min(1).max(1_000).optional(),
    labels: z.record(z.string().min(1).max(100), z.string().max(200)).optional(),
    percentage: z.number().min(0).max(100).optional(),
  })
  .refine(
    ({ instances, labels, percentage }) =>
      instances || percentage !== undefined || Object.keys(labels ?? {}).length > 0,
    {
      message: 'instances, labels or percentage',
    },
  )
  .meta({ example: { labels: { canary: 'yes' }, percentage: 10 } });

export type GreyRule = z.output<typeof GreyRule>;

/** Whether a caller gets it. `salt` is the key: an instance is not the first to try out everything. */
export function matches(
  { instances, labels, percentage }: GreyRule,
  { instance, labels: has }: Caller,
  salt: string,
): boolean {
  if (instance !== undefined && instances?.includes(instance)) return true;
  const wanted = Object.entries(labels ?? {});
  if (wanted.length > 0 && wanted.every(([name, value]) => has[name] === value)) return true;
  return percentage !== undefined && instance !== undefined && placeOf(instance, salt) < percentage;
}

/** Where an instance stands from 0 to 100; it stays there, so that a growing percentage only adds instances. */
function placeOf(instance: string, salt: string): number {
  return (createHash('sha256').update(`${salt}/${instance}`).digest().readUInt32BE(0) / 2 ** 32) * 100;
}
