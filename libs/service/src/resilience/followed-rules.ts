import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ConfigHub, openConfigSources } from '@rookery/config';
import { LOGGER, type Logger, ServiceIdentity } from '@rookery/observability';
import { Resources } from '@rookery/resilience';
import { ResilienceRules } from './resilience-rules.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * The rules of a service that has no settings of its own. It starts without them and gets them in the background, so that
 * a configuration centre which is away, or rules that are wrong at the start, do not keep it from serving.
 */
@Injectable()
export class FollowedRules implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #closing = new AbortController();
  #hub: ConfigHub | undefined;
  #told: string | undefined;

  constructor(
    @Inject(ServiceIdentity) private readonly identity: ServiceIdentity,
    @Inject(Resources) private readonly resources: Resources,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    void this.#begin();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#closing.abort();
    await this.#hub?.close();
  }

  async #begin(): Promise<void> {
    const { signal } = this.#closing;
    for (let waitMs = FIRST_PAUSE_MS; !signal.aborted; waitMs = Math.min(2 * waitMs, LONGEST_PAUSE_MS)) {
      try {
        return await this.#follow(signal);
      } catch (error) {
        this.#tell(error);
      }
      await pause(waitMs, undefined, { signal }).catch(() => {});
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { name: service, instance } = this.identity;
    // No waiting in there, which would tell of a start that waits: the next attempt comes from here.
    const sources = await openConfigSources({ service, instance, waitMs: 0 });
    const hub = await ConfigHub.open({ sources, logger: this.logger });
    try {
      const rules = new ResilienceRules(await hub.attach(ResilienceRules.schema, ResilienceRules.section));
      if (signal.aborted) return await hub.close();
      this.resources.load(rules.value.rules);
      rules.onChange((next) => this.resources.load(next.rules));
    } catch (error) {
      await hub.close();
      throw error;
    }
    this.#hub = hub;
    hub.follow();
  }

  /** Each reason once: it is tried again until the service ends. */
  #tell(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason === this.#told) return;
    this.#told = reason;
    this.logger.warn({ reason }, 'rules.not_loaded');
  }
}
