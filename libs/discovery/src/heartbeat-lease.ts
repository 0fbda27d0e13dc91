import { backOffMs } from '@rookery/connections';
import type { Instance, Lease } from './discovery.ts';
import type { DiscoveryLog } from './log.ts';

/** Heartbeats in one lease: two may be lost. */
const BEATS_PER_LEASE = 3;
/** A heartbeat comes up to this share sooner, so that many instances do not beat together. */
const JITTER = 0.2;

/** What an engine does for one instance that must be kept alive. */
export interface Heartbeats {
  /** When the engine wants the next heartbeat, where it says so and spreads them itself; a third of the lease elsewhere. */
  nextInMs?(): number | undefined;
  /** Called once with what brings the next heartbeat forward, for an engine that may lose sight of the instance earlier. */
  onLost?(hurry: () => void): void;
  register(): Promise<void>;
  /** Answers false when the engine has forgotten the instance. */
  beat(signal: AbortSignal): Promise<boolean>;
  deregister(): Promise<void>;
}

/** An instance's registration, kept alive by heartbeats, made again when the engine has forgotten it. */
export class HeartbeatLease implements Lease {
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  #failures = 0;
  #released: Promise<void> | undefined;

  constructor(
    readonly instance: Instance,
    private readonly leaseMs: number,
    private readonly heartbeats: Heartbeats,
    private readonly log: DiscoveryLog | undefined,
    private readonly onReleased: (lease: HeartbeatLease) => void,
  ) {}

  /** Registers, and then heartbeats until {@link release} or {@link stop}. */
  async start(): Promise<void> {
    await this.heartbeats.register();
    this.heartbeats.onLost?.(() => this.#hurry());
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
    const shareMs = this.leaseMs / BEATS_PER_LEASE;
    const backOff = { baseMs: Math.min(500, shareMs), capMs: shareMs };
    const wantedInMs = this.heartbeats.nextInMs?.() ?? shareMs * (1 - JITTER * Math.random());
    this.#beatIn(this.#failures === 0 ? wantedInMs : backOffMs(this.#failures, backOff));
  }

  /** Instead of the heartbeat that is planned; one that is under way plans the next itself. */
  #hurry(): void {
    if (this.#timer === undefined || this.#stopped.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#beatIn((this.leaseMs / BEATS_PER_LEASE) * Math.random());
  }

  #beatIn(pauseMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
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
