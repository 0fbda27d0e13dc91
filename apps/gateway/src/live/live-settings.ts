import { type ConfigSource, createConfig, environmentSource, type LiveConfig, openConfigSource } from '@rookery/config';
import type { Logger } from '@rookery/observability';
import { z } from 'zod';
import { routesInSlices } from '../routes/read-routes.ts';
import { GatewaySettings } from '../settings.ts';
import { lateSource } from './late-source.ts';

/** A change that is not in force, and why. */
export interface RefusedChange {
  source: string;
  version: number;
  /** Path, expected and received. */
  reason: string;
  /** ISO time. */
  at: string;
}

export interface LiveSettingsParts {
  sources: readonly ConfigSource[];
  logger: Pick<Logger, 'info' | 'warn'>;
}

const SERVICE = 'gateway';
/** How long a start waits for the configuration centre where nothing of it is on disk. */
const CENTRE_WAIT_MS = 1_500;

/**
 * Where a gateway's settings come from, lowest first: the file that GATEWAY_SETTINGS names, the configuration centre
 * where CONFIG_URL names one, the environment (`GATEWAY__MAX_HEADERS=50`).
 */
export async function openSources(
  { GATEWAY_SETTINGS, CONFIG_URL, INSTANCE_ID }: NodeJS.ProcessEnv,
  logger: Pick<Logger, 'warn'>,
): Promise<ConfigSource[]> {
  const sources: ConfigSource[] = [];
  if (GATEWAY_SETTINGS) sources.push(await openConfigSource({ service: SERVICE, url: `file:${GATEWAY_SETTINGS}` }));
  if (CONFIG_URL) {
    const instance = INSTANCE_ID ? { instance: INSTANCE_ID } : {};
    const centre = await openConfigSource({ service: SERVICE, url: CONFIG_URL, waitMs: CENTRE_WAIT_MS, ...instance });
    const away = ({ code, message }: { code: string; message: string }) =>
      logger.warn({ event: 'settings.started_without_centre', code, reason: message });
    sources.push(lateSource(centre, away));
  }
  return [...sources, environmentSource(SERVICE)];
}

/** A gateway's settings, followed while it runs: a change is taken whole, or refused whole and the old ones stay. */
export class LiveSettings {
  readonly #config: LiveConfig<GatewaySettings>;
  readonly #refused: { last: RefusedChange | undefined };

  private constructor(config: LiveConfig<GatewaySettings>, refused: { last: RefusedChange | undefined }) {
    this.#config = config;
    this.#refused = refused;
  }

  /** @param rehearse fails where settings that are well-formed cannot work; asked before they are in force. */
  static async open(
    { sources, logger }: LiveSettingsParts,
    rehearse: (settings: GatewaySettings) => Promise<void> | undefined,
  ): Promise<LiveSettings> {
    const refused: { last: RefusedChange | undefined } = { last: undefined };
    const workable = z.custom<GatewaySettings>().superRefine(async (settings, context) => {
      try {
        await rehearse(settings);
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      }
    });
    const config = await createConfig({
      schema: GatewaySettings.extend({ routes: routesInSlices() }).pipe(workable),
      sources,
      logger,
      onRejected: (rejection) => {
        refused.last = { ...rejection, at: new Date().toISOString() };
      },
    });
    return new LiveSettings(config, refused);
  }

  get value(): GatewaySettings {
    return this.#config.value;
  }

  get version(): number {
    return this.#config.version;
  }

  /** The last change that was refused since the last one that was taken. */
  get refused(): RefusedChange | undefined {
    return this.#refused.last;
  }

  /** Calls `apply` with each change, after it is in force. */
  follow(apply: (settings: GatewaySettings) => void): void {
    this.#config.onChange((settings) => {
      this.#refused.last = undefined;
      apply(settings);
    });
  }

  close(): Promise<void> {
    return this.#config.close();
  }
}
