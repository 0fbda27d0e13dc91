import { z } from 'zod';
import type { Snapshot } from '../../config.ts';

/** A release as the centre's GET and its stream carry it, and as the copy on disk keeps it. */
export const releaseOnWire = z
  .object({
    version: z.number().int().min(0),
    settings: z.record(z.string(), z.unknown()),
    format: z.string().optional(),
    text: z.boolean().optional(),
  })
  .transform(
    ({ version, settings, format, text }): Snapshot => ({
      version,
      settings,
      ...((text || format === 'properties') && { text: true }),
    }),
  );

/** Sent on an idle stream; `version` is what the centre has, `everyMs` when the next heartbeat comes. */
export const heartbeatOnWire = z.object({ version: z.number().int().min(0), everyMs: z.number().int().min(1) });
