/** Names and arguments of what the driver declares. Groups have no slash in their names, so the others are out of their way. */
export const EXCHANGE = { exchange: 'rookery.events', type: 'topic', durable: true } as const;

export const deadQueue = (group: string): string => `${group}/dead`;

/**
 * A group's queue, of the type that the virtual host has as its default: classic, or quorum where an operator of a
 * cluster sets `default_queue_type`. Not quorum by our wish: its acknowledgements are buffered in the channel and lost
 * when that closes right after them, which would deliver handled messages again at every shutdown.
 */
export const groupQueue = (group: string) => ({ queue: group, durable: true });

export const deadLetterQueue = (group: string) => ({ queue: deadQueue(group), durable: true });

/** Holds failed messages for `delayMs`, then gives them back to the group. One for each delay: only the head of a queue expires. */
export const retryQueue = (group: string, delayMs: number) => ({
  queue: `${group}/retry/${delayMs}`,
  durable: true,
  arguments: { 'x-message-ttl': delayMs, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': group },
});

export const ephemeralQueue = (group: string) => ({
  queue: `ephemeral/${group}`,
  durable: false,
  autoDelete: true,
  arguments: { 'x-expires': 60_000 },
});
