import { type BackOff, backOffMs } from '../../back-off.ts';
import type { Instance, Lease } from '../../discovery.ts';
import type { DiscoveryLog } from '../../log.ts';
import { type ConsulConnection, saysForgotten } from './consul-connection.ts';
import { checkId, toRegistration } from './service-entry.ts';

/** Heartbeats in one lease: two may be lost. */
const BEATS_PER_LEASE = 3;
/** A heartbeat comes up to this share sooner, so that many instances do not beat together. */
const JITTER = 0.2;

/** An instance's registration, kept alive by heartbeats, made again when the agent has forgotten it. */
export class ConsulLease implements Lease {
  readonly #beatMs: number;
  readonly #backOff: BackOff;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  #failures = 0;
  #released: Promise<void> | undefined;

  constructor(
    readonly instance: Instance,
    private readonly leaseMs: number,
    private readonly connection: ConsulConnection,
    private readonly log: DiscoveryLog | undefined,
    private readonly onReleased: (lease: ConsulLease) => void,
  ) {
    this.#beatMs = leaseMs / BEATS_PER_LEASE;
    this.#backOff = { baseMs: Math.min(500, this.#beatMs), capMs: this.#beatMs };
  }

  /** Registers, and then heartbeats until {@link release} or {@link stop}. */
  async start(): Promise<void> {
    await this.#register();
    this.#next();
  }

  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  /** Ends the heartbeat and leaves the registration to expire. */
  stop(): void {
    this.#stopped.abort();
    clearTimeout(this.#timer);
  }

  async #release(): Promise<void> {
    this.stop();
    // A registration that is under way must not arrive after the deregistration.
    await this.#beating;
    this.onReleased(this);
    const { client } = this.connection;
    const { id } = this.instance;
    await this.connection
      .call(`deregister ${id}`, (options) => client.agent.service.deregister({ id, ...options }))
      .catch((error: unknown) => this.log?.warn({ error, registered: id }, 'instance not released, it expires'));
  }

  #next(): void {
    if (this.#stopped.signal.aborted) return;
    const pauseMs =
      this.#failures === 0 ? this.#beatMs * (1 - JITTER * Math.random()) : backOffMs(this.#failures, this.#backOff);
    this.#timer = setTimeout(() => {
      this.#beating = this.#beat().finally(() => this.#next());
    }, pauseMs);
  }

  async #beat(): Promise<void> {
    try {
      await this.#pass();
      if (this.#failures > 0) this.log?.info({ registered: this.instance.id }, 'heartbeat taken again');
      this.#failures = 0;
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      this.#failures++;
      if (this.#failures === 1) this.log?.warn({ error, registered: this.instance.id }, 'heartbeat not taken');
    }
  }

  async #pass(): Promise<void> {
    const { client } = this.connection;
    const id = checkId(this.instance.id);
    try {
      await this.connection.call(
        `take the heartbeat of ${id}`,
        (options) => client.agent.check.pass({ id, ...options }),
        {
          signal: this.#stopped.signal,
        },
      );
    } catch (error) {
      if (!saysForgotten(error) || this.#stopped.signal.aborted) throw error;
      await this.#register();
      this.log?.warn({ registered: this.instance.id }, 'registered again, the registry had forgotten the instance');
    }
  }

  async #register(): Promise<void> {
    const { client } = this.connection;
    const registration = toRegistration(this.instance, this.leaseMs);
    await this.connection.call(`register ${this.instance.id}`, (options) =>
      client.agent.service.register({ ...registration, ...options }),
    );
  }
}
