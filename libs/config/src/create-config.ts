import type { Logger } from '@rookery/observability';
import type { z } from 'zod';
import type { ConfigSource } from './config.ts';
import { ConfigHub, type Rejection } from './config-hub.ts';
import { LiveConfig } from './live-config.ts';

export interface ConfigOptions<T> {
  schema: z.ZodType<T>;
  /** Lowest first; a later source wins over an earlier one, the schema's defaults are below all. */
  sources: readonly ConfigSource[];
  logger?: Pick<Logger, 'info' | 'warn'>;
  /** Hears of a release that was refused; it is logged and reported to its source anyway. */
  onRejected?: (rejection: Rejection) => void;
}

/**
 * Loads settings and keeps following their sources. Throws `CONFIG_INVALID` with path, expected and received when
 * what is there at the start is wrong, `CONFIG_UNREACHABLE` when a source does not answer and has no copy.
 */
export async function createConfig<T>(options: ConfigOptions<T>): Promise<LiveConfig<T>> {
  const hub = await ConfigHub.open(options);
  try {
    const state = await hub.attach(options.schema);
    hub.follow();
    return new LiveConfig({
      get value() {
        return state.value;
      },
      get version() {
        return state.version;
      },
      listeners: state.listeners,
      close: () => hub.close(),
    });
  } catch (error) {
    await hub.close();
    throw error;
  }
}
