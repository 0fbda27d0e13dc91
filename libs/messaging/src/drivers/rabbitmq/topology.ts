/** Names and arguments of what the driver declares. Groups have no slash in their names, so the others are out of their way. */
export const EXCHANGE = { exchange: 'rookery.events', type: 'topic', durable: true } as const;

export const deadQueue = (group: string): string => `${group}/dead`;

/** A group's queue: replicated where the broker is a cluster, and counting deliveries, so that a crash counts as a try. */
export const groupQueue = (group: string) => ({
  queue: group,
  durable: true,
  arguments: {
    'x-queue-type': 'quorum' as const,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': deadQueue(group),
  },
});

/** Classic: reading without taking must not count as a delivery, which a quorum queue does and at last drops. */
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
