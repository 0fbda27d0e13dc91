import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { RegistryClient, Upstreams } from '@rookery/discovery';
import { Health, LOGGER, type Logger, Metrics, RookeryError } from '@rookery/observability';
import type { RawHandler } from '@rookery/service';
import { Gateway } from './gateway.ts';
import { AccessLog } from './observe/access-log.ts';
import { type GatewaySettings, parseSettings } from './settings.ts';

/** The data path as a part of the process: what it needs from there, and its end with it. */
@Injectable()
export class GatewayProcess implements BeforeApplicationShutdown {
  readonly #gateway: Gateway;

  constructor(
    @Inject(RegistryClient) registry: RegistryClient,
    @Inject(Upstreams) upstreams: Upstreams,
    @Inject(Metrics) metrics: Metrics,
    @Inject(Health) health: Health,
    @Inject(LOGGER) logger: Logger,
  ) {
    // One line a request is what LOG_LEVEL=warn asks to be spared.
    const accessLog = logger.isLevelEnabled('info') ? new AccessLog() : undefined;
    this.#gateway = new Gateway({ settings: readSettingsFile(), registry, upstreams, metrics, accessLog, logger });
    let known = false;
    this.#gateway.targets.ready.then(
      () => {
        known = true;
      },
      () => {},
    );
    health.addCheck('registry', () => (known ? { ok: true } : { ok: false, reason: 'has not named the services yet' }));
  }

  handlerFor(server: Server): RawHandler {
    this.#gateway.guard(server);
    return (request, response) => this.#gateway.handle(request, response);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#gateway.close();
  }
}

/** The file that GATEWAY_SETTINGS names; the defaults when it names none. */
function readSettingsFile(file: string | undefined = process.env.GATEWAY_SETTINGS): GatewaySettings {
  if (!file) return parseSettings({});
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new RookeryError('GATEWAY_SETTINGS', `GATEWAY_SETTINGS names ${file}, which is not a readable JSON file.`, {
      cause,
    });
  }
  return parseSettings(data);
}
