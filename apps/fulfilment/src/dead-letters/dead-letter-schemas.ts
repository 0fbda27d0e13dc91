import type { DeadLetter as Letter } from '@rookery/messaging';
import { z } from 'zod';

const Id = z.string().min(1).max(64).meta({ example: '5d0c1f0e-3c0b-4b8e-9d53-6a1f3f4f5a66' });

/** A message that could not be handled, as the API shows it. Its headers stay inside. */
export const DeadLetter = z.object({
  id: Id,
  topic: z.string().meta({ example: 'order.placed' }),
  payload: z.unknown().meta({ example: { orderId: 'nonsense' } }),
  reason: z
    .string()
    .meta({ example: 'RookeryError: The message is not valid at orderId: expected uuid, received string.' }),
  attempts: z.int().meta({ example: 1 }),
  occurredAt: z.iso.datetime().meta({ example: '2026-01-31T12:00:00.000Z' }),
  diedAt: z.iso.datetime().meta({ example: '2026-01-31T12:00:01.000Z' }),
});

export type DeadLetter = z.infer<typeof DeadLetter>;

export const DeadLetters = z.object({ items: z.array(DeadLetter) });

export const DeadLettersQuery = z.strictObject({
  limit: z.coerce.number<string>().int().min(1).max(1_000).default(100).meta({ example: 100 }),
});

export const Replay = z
  .strictObject({ ids: z.array(Id).min(1).max(1_000).optional().meta({ description: 'All when not given.' }) })
  .meta({ example: {} });

export const Replayed = z.object({ replayed: z.int().meta({ example: 1 }) });

export const deadLetterOf = ({ id, topic, payload, reason, attempts, occurredAtMs, diedAtMs }: Letter): DeadLetter => ({
  id,
  topic,
  payload,
  reason,
  attempts,
  occurredAt: new Date(occurredAtMs).toISOString(),
  diedAt: new Date(diedAtMs).toISOString(),
});
