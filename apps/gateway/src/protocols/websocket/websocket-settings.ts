import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';

/** What WebSockets through the gateway may cost. */
export const WebSocketSettings = strictObject({
  /** Held open at once by one process; more are refused. */
  maxConnections: z.int().min(0).max(1_000_000).default(20_000),
  /** Until one on which nothing moves either way is closed; a ping counts. */
  idleTimeoutMs: z.int().min(1).max(86_400_000).default(600_000),
  /** How long both sides may take to hang up when the gateway goes away. */
  closeGraceMs: z.int().min(0).max(60_000).default(2_000),
});

export type WebSocketSettings = z.infer<typeof WebSocketSettings>;
