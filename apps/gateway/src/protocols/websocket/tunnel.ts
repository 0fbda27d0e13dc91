import type { Duplex } from 'node:stream';
import { closeFrame, FrameBoundary } from './frame-boundary.ts';

/** The server goes away (RFC 6455, 7.4.1). */
export const GOING_AWAY = 1001;
/** The instance behind the gateway is gone (IANA's registry of close codes). */
export const BAD_GATEWAY = 1014;

/** How a tunnel came to its end. */
export type TunnelEnd = 'closed' | 'client-left' | 'instance-left' | 'idle' | 'drained';

export interface TunnelOptions {
  client: Duplex & { setTimeout(ms: number): unknown };
  instance: Duplex;
  idleTimeoutMs: number;
  /** How long the other side may take to hang up after it was told to. */
  closeGraceMs: number;
  onEnd: (tunnel: Tunnel, end: TunnelEnd) => void;
}

/** One direction: bytes as they come, held back while the receiver is behind. */
class Way {
  readonly boundary = new FrameBoundary();
  bytes = 0;
  /** Code of the close frame that waits for the end of the frame under way. */
  #closeWith = 0;
  #isShut = false;

  constructor(
    readonly from: Duplex,
    readonly to: Duplex,
    readonly masked: boolean,
  ) {
    from.on('data', (chunk: Buffer) => this.pass(chunk));
    to.on('drain', () => from.resume());
  }

  pass(chunk: Buffer): void {
    if (this.#isShut) return;
    this.bytes += chunk.length;
    this.boundary.follow(chunk);
    if (!this.to.write(chunk)) this.from.pause();
    if (this.#closeWith > 0) this.close(this.#closeWith);
  }

  /** Ends the receiver's side with a close frame, as soon as no frame is cut by it. */
  close(code: number): void {
    if (this.#isShut) return;
    this.#closeWith = code;
    if (!this.boundary.isBetweenFrames) return;
    this.shut(this.boundary.closed ? undefined : closeFrame(code, this.masked));
  }

  shut(last?: Buffer): void {
    if (this.#isShut) return;
    this.#isShut = true;
    // What still comes is read and dropped: unread bytes would turn the close into a reset.
    this.from.resume();
    if (this.to.writable) this.to.end(last);
  }
}

/** Two sockets after a WebSocket's handshake. */
export class Tunnel {
  readonly #options: TunnelOptions;
  readonly #toInstance: Way;
  readonly #toClient: Way;
  #grace: NodeJS.Timeout | undefined;
  #end: TunnelEnd | undefined;
  #left = 2;

  constructor(options: TunnelOptions) {
    const { client, instance, idleTimeoutMs } = options;
    this.#options = options;
    this.#toInstance = new Way(client, instance, true);
    this.#toClient = new Way(instance, client, false);
    client.setTimeout(idleTimeoutMs);
    client.on('timeout', () => this.#goAway('idle'));
    for (const socket of [client, instance]) {
      socket.on('error', () => socket.destroy());
      socket.on('end', () => this.#hungUp(socket));
      socket.on('close', () => this.#closed(socket));
    }
  }

  get bytesToClient(): number {
    return this.#toClient.bytes;
  }

  get bytesToInstance(): number {
    return this.#toInstance.bytes;
  }

  /** Begins with what the client sent behind its half of the handshake. */
  start(fromClient: Buffer): void {
    if (fromClient.length > 0) this.#toInstance.pass(fromClient);
  }

  /** Tells both sides that the gateway goes away, between two frames, and hangs up. */
  drain(): void {
    this.#goAway('drained');
  }

  destroy(): void {
    this.#options.client.destroy();
    this.#options.instance.destroy();
  }

  #goAway(end: TunnelEnd): void {
    this.#end ??= end;
    this.#toClient.close(GOING_AWAY);
    this.#toInstance.close(GOING_AWAY);
    this.#hurry();
  }

  #hungUp(socket: Duplex): void {
    if (socket === this.#options.client) this.#clientLeft();
    else this.#instanceLeft();
    this.#hurry();
  }

  #clientLeft(): void {
    this.#toInstance.shut();
    this.#toClient.shut();
  }

  #instanceLeft(): void {
    this.#toInstance.shut();
    if (this.#toClient.boundary.isBetweenFrames) this.#toClient.close(BAD_GATEWAY);
    else this.#options.client.destroy();
  }

  #closed(socket: Duplex): void {
    const byClient = socket === this.#options.client;
    const orderly = this.#toClient.boundary.closed || this.#toInstance.boundary.closed;
    this.#end ??= orderly ? 'closed' : byClient ? 'client-left' : 'instance-left';
    this.#left--;
    if (this.#left > 0) {
      if (byClient) this.#clientLeft();
      else this.#instanceLeft();
      this.#hurry();
      return;
    }
    clearTimeout(this.#grace);
    this.#options.onEnd(this, this.#end);
  }

  #hurry(): void {
    this.#grace ??= setTimeout(() => this.destroy(), this.#options.closeGraceMs).unref();
  }
}
