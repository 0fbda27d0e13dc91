import { formatOfName } from '@rookery/config';
import type { SettingKey } from '../settings/setting-key.ts';

/** What a request is about: an environment as a whole, or one namespace of it. */
export interface Domain {
  readonly environment: string;
  /** In every group, and in every format: `orders` is also `orders.yaml`. */
  readonly namespace?: string;
}

export function domainOf({ namespace: environment, service }: Pick<SettingKey, 'namespace' | 'service'>): Domain {
  return { environment, namespace: baseOf(service) };
}

/** A name without the endings that tell its format. */
function baseOf(name: string): string {
  const ending = formatOfName(name);
  return ending ? baseOf(ending.base) : name;
}
