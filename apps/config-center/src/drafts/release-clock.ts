import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LOGGER, type Logger } from '@rookery/observability';
import { Schedules } from './schedules.ts';

const EVERY_MS = 1_000;

/** Has every replica look for releases that are due; which of them does one is the matter of a lock in Postgres. */
@Injectable()
export class ReleaseClock implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #closed = false;
  #failing = false;

  constructor(
    @Inject(Schedules) private readonly schedules: Schedules,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#next();
  }

  async onModuleDestroy(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  #next(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#releaseAll().finally(() => this.#next());
    }, EVERY_MS);
  }

  async #releaseAll(): Promise<void> {
    try {
      while (!this.#closed && (await this.schedules.releaseDue()) > 0);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.logger.warn({ error }, 'scheduled releases wait: they cannot be looked for');
      this.#failing = true;
    }
  }
}
