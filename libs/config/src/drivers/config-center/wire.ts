import { z } from 'zod';

/** A release as the centre's GET and its stream carry it. */
export const releaseOnWire = z.object({
  version: z.number().int().min(0),
  settings: z.record(z.string(), z.unknown()),
});

/** Sent on an idle stream; `version` is what the centre has, `everyMs` when the next heartbeat comes. */
export const heartbeatOnWire = z.object({ version: z.number().int().min(0), everyMs: z.number().int().min(1) });
