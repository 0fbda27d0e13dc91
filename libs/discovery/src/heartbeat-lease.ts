import { type BackOff, backOffMs } from '@rookery/connections';
import type { Instance, Lease } from './discovery.ts';
import type { DiscoveryLog } from './log.ts';

/** Heartbeats in one lease: two may be lost. */
const BEATS_PER_LEASE = 3;
/** A heartbeat comes up to this share sooner, so that many instances do not beat together. */
const JITTER = 0.2;

/** What an engine does for one instance that must be kept alive. */
export interface Heartbeats {
  register(): Promise<void>;
  /** Answers false when the engine has forgotten the instance. */
  beat(signal: AbortSignal): Promise<boolean>;
  deregister(): Promise<void>;
}

/** An instance's registration, kept alive by heartbeats, made again when the engine has forgotten it. */
export class HeartbeatLease implements Lease {
  readonly #beatMs: number;
  readonly #backOff: BackOff;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  #failures = 0;
  #released: Promise<void> | undefined;

  constructor(
    readonly instance: Instance,
    leaseMs: number,
    private readonly heartbeats: Heartbeats,
    private readonly log: DiscoveryLog | undefined,
    private readonly onReleased: (lease: HeartbeatLease) => void,
  ) {
    this.#beatMs = leaseMs / BEATS_PER_LEASE;
    this.#backOff = { baseMs: Math.min(500, this.#beatMs), capMs: this.#beatMs };
  }

  /** Registers, and then heartbeats until {@link release} or {@link stop}. */
  async start(): Promise<void> {
    await this.heartbeats.register();
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
    await this.heartbeats
      .deregister()
      .catch((error: unknown) =>
        this.log?.warn({ error, registered: this.instance.id }, 'instance not released, it expires'),
      );
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
    const registered = this.instance.id;
    try {
      const known = await this.heartbeats.beat(this.#stopped.signal);
      if (!known && !this.#stopped.signal.aborted) {
        await this.heartbeats.register();
        this.log?.warn({ registered }, 'registered again, the registry had forgotten the instance');
      }
      if (this.#failures > 0) this.log?.info({ registered }, 'heartbeat taken again');
      this.#failures = 0;
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      this.#failures++;
      if (this.#failures === 1) this.log?.warn({ error, registered }, 'heartbeat not taken');
    }
  }
}
