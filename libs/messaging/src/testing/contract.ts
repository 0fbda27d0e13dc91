import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { trace } from '@opentelemetry/api';
import { currentRequest, currentTraceId, RookeryError, runWithRequest, startTracing } from '@rookery/observability';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMessaging, type MessagingOptions } from '../create-messaging.ts';
import { createMessage, MAX_PAYLOAD_BYTES } from '../envelope.ts';
import type { Delivery, Message, MessageHandler, Messaging, SubscribeOptions } from '../messaging.ts';

/** The engine that a driver's suite runs on. */
export interface Engine {
  url: string;
  /** Ends and starts it again with what it had stored; without it the case is skipped by name. */
  restart?: () => Promise<void>;
}

export interface ContractOptions {
  engine: Engine | undefined;
  /** A URL of the same scheme where nothing listens. */
  unreachableUrl: string;
  /** Runs a file of this workspace in a process of its own. */
  fork: (file: URL, env: Record<string, string>) => ChildProcess;
}

const LIMITS: MessagingOptions = { waitMs: 10_000, consumerTimeoutMs: 2_000 };
const FAST = { retryDelayMs: 40, maxAttempts: 3 };
const WAIT = { timeout: 10_000, interval: 10 };

/** What every driver keeps. One call is one suite. */
export function messagingContract(name: string, { engine, unreachableUrl, fork }: ContractOptions): void {
  describe(`messaging on ${name}`, () => {
    it('names MESSAGING_URL in one sentence when nothing answers, within its deadline', async () => {
      const startedAtMs = Date.now();
      const reasons: string[] = [];
      const connecting = createMessaging(unreachableUrl, { waitMs: 600, onWaiting: (_, why) => reasons.push(why) });
      await expect(connecting).rejects.toMatchObject({ code: 'MESSAGING_UNREACHABLE', status: 503 });
      await expect(connecting).rejects.toThrow(
        /^The messaging engine at \S+ \(MESSAGING_URL\) did not answer within 0.6 s: .+\.$/,
      );
      expect(Date.now() - startedAtMs).toBeLessThan(2_000);
      expect(reasons.join()).toContain('ECONNREFUSED');
    });
  });

  describe.skipIf(!engine)(`messaging on ${name}, connected`, () => {
    let messaging: Messaging;
    let other: Messaging;
    const url = engine?.url ?? '';

    beforeAll(async () => {
      startTracing();
      [messaging, other] = await Promise.all([createMessaging(url, LIMITS), createMessaging(url, LIMITS)]);
    });
    afterAll(() => Promise.all([messaging?.close(), other?.close()]));

    const names = () => {
      const suffix = randomUUID().slice(0, 8);
      return { group: `group-${suffix}`, topic: `thing.happened-${suffix}` };
    };
    const publish = async (topic: string, ...payloads: unknown[]): Promise<Message[]> => {
      const messages = payloads.map((payload) => createMessage({ topic, payload }));
      await messaging.publish(messages);
      return messages;
    };
    /** Subscribes and keeps what comes. */
    const collect = async (options: SubscribeOptions, handler?: MessageHandler, on = messaging) => {
      const deliveries: Delivery[] = [];
      const subscription = await on.subscribe({ ...FAST, ...options }, async (delivery) => {
        deliveries.push(delivery);
        await handler?.(delivery);
      });
      return {
        deliveries,
        payloads: () => deliveries.map((delivery) => delivery.payload),
        close: () => subscription.close(),
      };
    };
    const failing: MessageHandler = async () => {
      throw new Error('no stock');
    };
    const dead = (group: string) => messaging.deadLetters(group);

    it('delivers a message as it was published', async () => {
      const { group, topic } = names();
      const { deliveries, close } = await collect({ group, topics: [topic] });
      const payload = { text: 'Größe 星', list: [1, null, { deep: true }], none: null };
      const message = createMessage({ topic, payload, headers: { tenant: 'a' } });
      await messaging.publish([message]);
      await expect.poll(() => deliveries, WAIT).toEqual([{ ...message, group, attempt: 1 }]);
      expect(deliveries[0]?.headers.tenant).toBe('a');
      await close();
    });

    it('delivers within milliseconds, not at the next poll', async () => {
      const { group, topic } = names();
      const lateMs: number[] = [];
      const { close } = await collect({ group, topics: [topic] }, async ({ occurredAtMs }) => {
        lateMs.push(Date.now() - occurredAtMs);
      });
      for (let sent = 1; sent <= 10; sent += 1) {
        await publish(topic, sent);
        await expect.poll(() => lateMs.length, WAIT).toBe(sent);
      }
      expect(lateMs.sort((a, b) => a - b)[5]).toBeLessThan(500);
      await close();
    });

    it('gives each group every message, and each message to one member of a group', async () => {
      const { group, topic } = names();
      const first = await collect({ group, topics: [topic], concurrency: 1 });
      const second = await collect({ group, topics: [topic], concurrency: 1 }, undefined, other);
      const auditors = await collect({ group: `${group}-audit`, topics: [topic] });
      const sent = Array.from({ length: 40 }, (_, index) => index);
      await publish(topic, ...sent);
      const shared = () => [...first.payloads(), ...second.payloads()].map(Number).sort((a, b) => a - b);
      await expect.poll(shared, WAIT).toEqual(sent);
      await expect.poll(() => auditors.deliveries.length, WAIT).toBe(40);
      expect(first.deliveries.length).toBeGreaterThan(0);
      expect(second.deliveries.length).toBeGreaterThan(0);
      await Promise.all([first.close(), second.close(), auditors.close()]);
    });

    it('keeps messages for a group that is away, and drops those that no group wants', async () => {
      const { group, topic } = names();
      await publish(topic, 'nobody knows of this topic yet');
      await (await collect({ group, topics: [topic] })).close();
      await publish(topic, 'while away');
      const back = await collect({ group, topics: [topic] });
      await expect.poll(back.payloads, WAIT).toEqual(['while away']);
      await back.close();
    });

    it('tries again after a back-off that doubles, until a try succeeds', async () => {
      const { group, topic } = names();
      const atMs: number[] = [];
      const options = { group, topics: [topic], retryDelayMs: 100, maxAttempts: 5 };
      const { deliveries, close } = await collect(options, async ({ attempt }) => {
        atMs.push(Date.now());
        if (attempt < 3) throw new Error('not yet');
      });
      await publish(topic, 'stubborn');
      await expect.poll(() => deliveries.map((delivery) => delivery.attempt), WAIT).toEqual([1, 2, 3]);
      const [first = 0, second = 0, third = 0] = atMs;
      expect(second - first).toBeGreaterThanOrEqual(95);
      expect(third - second).toBeGreaterThanOrEqual(195);
      await close();
      expect(await dead(group)).toEqual([]);
    });

    it('dead-letters after the last try with the reason; listing takes nothing', async () => {
      const { group, topic } = names();
      const { deliveries, close } = await collect({ group, topics: [topic] }, failing);
      const [older] = await publish(topic, { film: 1 });
      await expect.poll(async () => (await dead(group)).length, WAIT).toBe(1);
      const [newer] = await publish(topic, { film: 2 });
      await expect.poll(async () => (await dead(group)).length, WAIT).toBe(2);
      const expected = (message?: Message) => ({
        ...message,
        group,
        reason: 'Error: no stock',
        attempts: 3,
        diedAtMs: expect.any(Number),
      });
      expect(await dead(group)).toEqual([expected(newer), expected(older)]);
      expect(await messaging.deadLetters(group, 1)).toEqual([expected(newer)]);
      expect(await dead(group)).toHaveLength(2);
      expect(deliveries).toHaveLength(6);
      await close();
    });

    it('dead-letters at once what its handler refuses as malformed', async () => {
      const { group, topic } = names();
      const { deliveries, close } = await collect({ group, topics: [topic] }, async ({ payload }) => {
        if (payload !== 'fine') throw new RookeryError('ORDER_MALFORMED', 'no order', { status: 400 });
      });
      const [malformed] = await publish(topic, 'nonsense', 'fine');
      await expect.poll(async () => (await dead(group)).length, WAIT).toBe(1);
      expect(await dead(group)).toMatchObject([{ id: malformed?.id, attempts: 1, reason: 'RookeryError: no order' }]);
      expect(deliveries).toHaveLength(2);
      await close();
    });

    it('replays chosen dead letters, then all, as first tries', async () => {
      const { group, topic } = names();
      let well = false;
      const { deliveries, close } = await collect({ group, topics: [topic], maxAttempts: 1 }, async () => {
        if (!well) throw new Error('no stock');
      });
      const messages = await publish(topic, 'a', 'b', 'c');
      await expect.poll(async () => (await dead(group)).length, WAIT).toBe(3);
      well = true;
      deliveries.length = 0;
      expect(await messaging.replay(group, [messages[1]?.id ?? ''])).toBe(1);
      await expect
        .poll(() => deliveries.map((delivery) => [delivery.payload, delivery.attempt]), WAIT)
        .toEqual([['b', 1]]);
      expect((await dead(group)).map((letter) => letter.payload).sort()).toEqual(['a', 'c']);
      expect(await messaging.replay(group)).toBe(2);
      await expect
        .poll(() => deliveries.map((delivery) => delivery.id).sort(), WAIT)
        .toEqual(messages.map((message) => message.id).sort());
      expect(await dead(group)).toEqual([]);
      expect(await messaging.replay(group)).toBe(0);
      await close();
    });

    it('dead-letters an event that the group wanted once and nobody handles any more', async () => {
      const { group, topic } = names();
      await (await collect({ group, topics: [topic, `${topic}.old`] })).close();
      const { payloads, close } = await collect({ group, topics: [topic], maxAttempts: 2 });
      await publish(`${topic}.old`, 'forgotten');
      await publish(topic, 'known');
      await expect.poll(payloads, WAIT).toEqual(['known']);
      await expect
        .poll(async () => (await dead(group)).map((letter) => letter.reason), WAIT)
        .toEqual([`no handler for topic ${topic}.old`]);
      await close();
    });

    it('does not stall behind a poison message', async () => {
      const { group, topic } = names();
      const options = { group, topics: [topic], concurrency: 1, retryDelayMs: 500 };
      const { deliveries, close } = await collect(options, async ({ payload }) => {
        if (payload === 'poison') throw new Error('cannot read this');
      });
      await publish(topic, 'poison', ...Array.from({ length: 20 }, (_, index) => index));
      const handled = () => deliveries.filter((delivery) => delivery.payload !== 'poison').length;
      await expect.poll(handled, WAIT).toBe(20);
      expect(deliveries.filter((delivery) => delivery.payload === 'poison').length).toBeLessThan(3);
      await expect.poll(async () => (await dead(group)).length, WAIT).toBe(1);
      await close();
    });

    it('close() lets 100 running handlers end and acknowledge, takes nothing new and loses none (nestjs/nest #4076)', async () => {
      const { group, topic } = names();
      const closing = await createMessaging(url, LIMITS);
      const gate = Promise.withResolvers<void>();
      const ended: unknown[] = [];
      const options = { group, topics: [topic], concurrency: 100 };
      const running = await collect(
        options,
        async ({ payload }) => {
          await gate.promise;
          ended.push(payload);
        },
        closing,
      );
      await publish(topic, ...Array.from({ length: 150 }, (_, index) => index));
      await expect.poll(() => running.deliveries.length, WAIT).toBe(100);
      const closed = closing.close();
      gate.resolve();
      await closed;
      expect(ended).toHaveLength(100);
      expect(running.deliveries).toHaveLength(100);

      const rest = await collect(options);
      await expect.poll(() => rest.deliveries.length, WAIT).toBe(50);
      const all = [...ended, ...rest.payloads()].map(Number).sort((a, b) => a - b);
      expect(all).toEqual(Array.from({ length: 150 }, (_, index) => index));
      await rest.close();
    });

    it('delivers again when a consumer is killed between its effect and the acknowledgement', async () => {
      const { group, topic } = names();
      const file = new URL(`./stuck-consumer.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
      const child = fork(file, { MESSAGING_URL: url, CONSUMER_GROUP: group, CONSUMER_TOPIC: topic });
      await once(child, 'message');
      const [message] = await publish(topic, 'effect without acknowledgement');
      expect(await once(child, 'message')).toEqual([{ handled: message?.id }, undefined]);
      child.kill('SIGKILL');
      const { deliveries, close } = await collect({ group, topics: [topic] });
      await expect
        .poll(() => deliveries.map(({ id, attempt }) => ({ id, attempt })), WAIT)
        .toEqual([{ id: message?.id, attempt: 2 }]);
      await close();
    });

    it('carries trace, lane and headers to the handler, and leaves the deadline behind', async () => {
      const { group, topic } = names();
      const seen: unknown[] = [];
      const { close } = await collect({ group, topics: [topic] }, async () => {
        seen.push({ traceId: currentTraceId(), request: currentRequest() });
      });
      const traceId = await trace.getTracer('contract').startActiveSpan('place order', (span) =>
        runWithRequest({ lane: 'grey', deadlineAtMs: Date.now() + 50 }, async () => {
          await publish(topic, 'within a request');
          span.end();
          return currentTraceId();
        }),
      );
      await expect.poll(() => seen, WAIT).toEqual([{ traceId, request: { lane: 'grey' } }]);
      expect(traceId).toMatch(/^[0-9a-f]{32}$/);
      await close();
    });

    it('carries who the request was made for to the handler, through a retry and a replay', async () => {
      const { group, topic } = names();
      const principal = { subject: 'ada', client: 'till', roles: ['clerk'], permissions: ['order:*'] };
      const seen: unknown[] = [];
      let well = false;
      const options = { group, topics: [topic], maxAttempts: 2 };
      const { deliveries, close } = await collect(options, async () => {
        seen.push(currentRequest().principal);
        if (!well) throw new Error('no stock');
      });
      await runWithRequest({ principal, accessToken: 'secret-of-ada' }, () => publish(topic, 'for ada'));
      await expect.poll(() => dead(group), WAIT).toMatchObject([{ principal, attempts: 2 }]);
      expect(JSON.stringify(await dead(group))).not.toContain('secret-of-ada');
      well = true;
      await messaging.replay(group);
      await expect.poll(() => seen, WAIT).toEqual([principal, principal, principal]);
      await runWithRequest({}, () => publish(topic, 'for nobody'));
      await expect.poll(() => deliveries.length, WAIT).toBe(4);
      expect(seen[3]).toBeUndefined();
      expect(deliveries[3]).not.toHaveProperty('principal');
      await close();
    });

    it('takes nobody for a principal who only says so in headers or payload', async () => {
      const { group, topic } = names();
      const seen: unknown[] = [];
      const { deliveries, close } = await collect({ group, topics: [topic] }, async () => {
        seen.push(currentRequest().principal);
      });
      const admin = { subject: 'admin', roles: ['admin'], permissions: ['*'] };
      const said = JSON.stringify(admin);
      const lookAlikes = [
        'principal',
        'x-principal',
        'x-rookery-principal',
        'X-Rookery-Principal',
        'x-user',
        'baggage',
      ];
      const headers = Object.fromEntries(lookAlikes.map((name) => [name, said]));
      await messaging.publish([createMessage({ topic, payload: { principal: admin }, headers })]);
      const ada = { subject: 'ada', roles: [], permissions: [] };
      await runWithRequest({ principal: ada }, () =>
        messaging.publish([createMessage({ topic, payload: { principal: admin }, headers })]),
      );
      await expect.poll(() => deliveries.length, WAIT).toBe(2);
      const isAda = (one: unknown) => one !== undefined;
      expect(seen.filter(isAda)).toEqual([ada]);
      expect(deliveries.map(({ principal }) => principal).filter(isAda)).toEqual([ada]);
      await close();
    });

    it.each([401, 403])(
      'dead-letters at once what its handler refuses with %s: who sent it may not',
      async (status) => {
        const { group, topic } = names();
        const { deliveries, close } = await collect({ group, topics: [topic] }, async () => {
          throw new RookeryError('PERMISSION_MISSING', 'not for you', { status });
        });
        await publish(topic, 1);
        await expect
          .poll(() => dead(group), WAIT)
          .toMatchObject([{ attempts: 1, reason: 'RookeryError: not for you' }]);
        expect(deliveries).toHaveLength(1);
        await close();
      },
    );

    it('refuses a payload over the limit before anything is sent, and carries one of the limit', async () => {
      const { group, topic } = names();
      const { deliveries, close } = await collect({ group, topics: [topic] });
      await expect(publish(topic, 'x'.repeat(MAX_PAYLOAD_BYTES))).rejects.toMatchObject({
        code: 'MESSAGE_TOO_LARGE',
        status: 413,
        message: `The payload of a message on ${topic} has 1048578 bytes; at most 1048576 travel. Store it and send where it is.`,
      });
      await publish(topic, 'x'.repeat(MAX_PAYLOAD_BYTES - 2));
      await expect.poll(() => deliveries.length, WAIT).toBe(1);
      await close();
    });

    it('refuses names and options that no engine takes', async () => {
      const { group, topic } = names();
      await expect(publish('thing happened', 1)).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
      await expect(publish(topic, undefined)).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
      await expect(messaging.subscribe({ group: 'a/b', topics: [topic] }, failing)).rejects.toMatchObject({
        code: 'MESSAGE_INVALID',
      });
      const { close } = await collect({ group, topics: [topic] });
      await expect(collect({ group, topics: [topic] })).rejects.toMatchObject({ code: 'MESSAGING_GROUP_TAKEN' });
      await close();
    });

    it('ends an ephemeral group with its subscription', async () => {
      const { group, topic } = names();
      const first = await collect({ group, topics: [topic], ephemeral: true }, failing);
      await publish(topic, 'heard once');
      await expect.poll(first.payloads, WAIT).toEqual(['heard once']);
      await first.close();
      await publish(topic, 'while nobody is there');
      const second = await collect({ group, topics: [topic], ephemeral: true });
      await publish(topic, 'heard');
      await expect.poll(second.payloads, WAIT).toEqual(['heard']);
      await second.close();
    });

    it.skipIf(!engine?.restart)(
      'goes on by itself after the server restarted, with everything it had stored',
      async () => {
        const { group, topic } = names();
        await (await collect({ group, topics: [topic] })).close();
        await publish(topic, 'stored before');
        const away = names();
        const subscribed = await collect({ group: away.group, topics: [away.topic] });
        await engine?.restart?.();
        await expect.poll(() => messaging.ping().then(() => 'well', String), { ...WAIT, timeout: 20_000 }).toBe('well');
        await expect.poll(() => publish(away.topic, 'after').then(() => 'sent', String), WAIT).toBe('sent');
        await expect.poll(subscribed.payloads, { ...WAIT, timeout: 20_000 }).toContain('after');
        const back = await collect({ group, topics: [topic] });
        await expect.poll(back.payloads, WAIT).toEqual(['stored before']);
        await Promise.all([subscribed.close(), back.close()]);
      },
      60_000,
    );

    it('says that it is closed after close()', async () => {
      const closed = await createMessaging(url, LIMITS);
      await closed.close();
      await expect(closed.publish([createMessage({ topic: 'a.b', payload: 1 })])).rejects.toMatchObject({
        code: 'MESSAGING_CLOSED',
      });
    });
  });
}
