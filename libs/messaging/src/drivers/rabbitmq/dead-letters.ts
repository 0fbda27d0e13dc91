import type { Channel, SyncMessage } from 'rabbitmq-client';
import type { DeadLetter } from '../../messaging.ts';
import { attemptHeader, deadLetterOf, messageOf } from './amqp-message.ts';
import type { Broker } from './broker.ts';
import { deadLetterQueue } from './topology.ts';

/** Dead letters read at most in one go: AMQP shows a queue only by handing out its messages, the oldest first. */
const MAX_READ = 10_000;

/** Reads without acknowledging; closing the channel puts everything back in its place. */
export async function listDeadLetters(broker: Broker, group: string, limit: number): Promise<DeadLetter[]> {
  return broker.onChannel(async (channel) => {
    const newest: DeadLetter[] = [];
    for await (const raw of waiting(broker, channel, group)) {
      newest.push(deadLetterOf(raw, group));
      if (newest.length > limit) newest.shift();
    }
    return newest.reverse();
  });
}

/** Each is confirmed in the group's queue before it leaves the dead ones; those not chosen go back. */
export async function replayDeadLetters(broker: Broker, group: string, ids?: readonly string[]): Promise<number> {
  const chosen = ids && new Set(ids);
  return broker.onChannel(async (channel) => {
    let replayed = 0;
    for await (const raw of waiting(broker, channel, group)) {
      const message = messageOf(raw);
      if (chosen && !chosen.has(message.id)) continue;
      const json = Buffer.isBuffer(raw.body) ? raw.body.toString() : JSON.stringify(raw.body);
      await broker.put(message, json, attemptHeader(1), group);
      channel.basicAck({ deliveryTag: raw.deliveryTag });
      replayed += 1;
    }
    return replayed;
  });
}

async function* waiting(broker: Broker, channel: Channel, group: string): AsyncGenerator<SyncMessage> {
  const queue = deadLetterQueue(group);
  const { messageCount } = await broker.call(() => channel.queueDeclare(queue));
  for (let read = 0; read < Math.min(messageCount, MAX_READ); read += 1) {
    const raw = await broker.call(() => channel.basicGet({ queue: queue.queue, noAck: false }));
    if (!raw) return;
    yield raw;
  }
}
