import { assertName } from '../envelope.ts';
import { errors } from '../errors.ts';
import type { SubscribeOptions } from '../messaging.ts';

/** A subscription with every default filled in. */
export type SubscriptionSettings = Required<SubscribeOptions>;

export function completed(options: SubscribeOptions): SubscriptionSettings {
  assertName('group', options.group);
  for (const topic of options.topics) assertName('topic', topic);
  const settings = { concurrency: 10, maxAttempts: 5, retryDelayMs: 1_000, ephemeral: false, ...options };
  if (settings.ephemeral) settings.maxAttempts = 1;
  for (const name of ['concurrency', 'maxAttempts', 'retryDelayMs'] as const) {
    if (!Number.isInteger(settings[name]) || settings[name] < 1) {
      throw errors.invalid(
        `${name} of the subscription of ${options.group} is ${settings[name]}; expected a whole number from 1.`,
      );
    }
  }
  return settings;
}
