import type { Server } from 'node:http';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { RegistryClient, Upstreams } from '@rookery/discovery';
import { type Health, type Logger, type Metrics, type ServiceIdentity, SpanExport } from '@rookery/observability';
import { IssuerKeys, readTokenSettings, TokenVerifier } from '@rookery/security';
import type { RawHandler } from '@rookery/service';
import { adminGuard } from './admin/admin-guard.ts';
import type { AdminServer } from './admin/admin-server.ts';
import { adminPages } from './admin/pages.ts';
import { ResiliencePages } from './admin/resilience/resilience-pages.ts';
import { Gateway } from './gateway.ts';
import { LiveSettings, openSources } from './live/live-settings.ts';
import { AccessLog } from './observe/access-log.ts';

/** What the data path needs of the process. */
export interface ProcessParts {
  identity: ServiceIdentity;
  registry: RegistryClient;
  upstreams: Upstreams;
  metrics: Metrics;
  health: Health;
  logger: Logger;
}

/** The data path as a part of the process: what it needs from there, and its end with it. */
export class GatewayProcess implements BeforeApplicationShutdown {
  readonly #gateway: Gateway;
  readonly #settings: LiveSettings;
  readonly #metrics: Metrics;
  readonly #logger: Logger;
  #admin: AdminServer | undefined;
  #resilience: ResiliencePages | undefined;

  private constructor(gateway: Gateway, settings: LiveSettings, { metrics, logger }: ProcessParts) {
    this.#gateway = gateway;
    this.#settings = settings;
    this.#metrics = metrics;
    this.#logger = logger;
  }

  /** Reads the settings, starts the data path with them and lets it follow them. */
  static async start(parts: ProcessParts): Promise<GatewayProcess> {
    const { identity, registry, upstreams, metrics, health, logger } = parts;
    let gateway: Gateway | undefined;
    const spans = await SpanExport.open(identity, process.env, (fields) => logger.warn(fields));
    const sources = await openSources(process.env, logger);
    const settings = await LiveSettings.open({ sources, logger }, (value) => gateway?.rehearse(value));
    try {
      // One line a request is what LOG_LEVEL=warn asks to be spared.
      const accessLog = logger.isLevelEnabled('info') ? new AccessLog() : undefined;
      gateway = new Gateway({
        settings: settings.value,
        registry,
        upstreams,
        metrics,
        accessLog,
        spans,
        logger,
        environment: process.env,
      });
    } catch (error) {
      await settings.close();
      throw error;
    }
    const running = gateway;
    settings.follow((value) => running.apply(value));
    health.draining.addEventListener('abort', () => running.drain());
    let known = false;
    running.targets.ready.then(
      () => {
        known = true;
      },
      () => {},
    );
    health.addCheck('registry', () => (known ? { ok: true } : { ok: false, reason: 'has not named the services yet' }));
    return new GatewayProcess(running, settings, parts);
  }

  handlerFor(server: Server): RawHandler {
    this.#gateway.guard(server);
    return (request, response) => this.#gateway.handle(request, response);
  }

  /** Opens more ports at the address of the plain one. */
  listen(address: string): Promise<void> {
    return this.#gateway.listen(address);
  }

  /** Shows administrators what there is, until the process ends. */
  serveAdmin(admin: AdminServer): void {
    this.#admin = admin;
    const issuer = readTokenSettings();
    const verifier = new TokenVerifier(issuer, new IssuerKeys(issuer));
    this.#resilience = new ResiliencePages(this.#gateway, this.#logger);
    const pages = adminPages({
      gateway: this.#gateway,
      settings: this.#settings,
      metrics: this.#metrics,
      resilience: this.#resilience.pages,
    });
    admin.serve(
      pages,
      adminGuard((token) => verifier.verify(token)),
    );
    this.#logger.info({ event: 'admin pages ready', url: `${admin.url}/admin` });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#settings.close();
    await this.#resilience?.close();
    await this.#gateway.close();
    await this.#admin?.close();
  }
}
