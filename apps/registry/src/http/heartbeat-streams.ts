import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { Inject, Injectable } from '@nestjs/common';
import { Refusal } from '../domain/refusal.ts';
import { RegistryState } from '../domain/registry-state.ts';
import { nextHeartbeatMs } from './heartbeat-slots.ts';
import { TokenGuard } from './token.guard.ts';

/** Where the streams are opened; the answer to a registration says it in the header {@link STREAM_HEADER}. */
export const STREAM_PATH = '/v1/rookery/heartbeats';
export const STREAM_HEADER = 'x-rookery-heartbeats';
export const STREAM_PROTOCOL = 'rookery-heartbeats';

const MAX_STREAMS = 50_000;
/** Longest id, and its line's end. */
const MAX_LINE_CHARS = 257;
/** The system asks a connection that has been silent for so long whether its machine is there, and ends it 10 s later. */
const PROBE_AFTER_MS = 5_000;
/** All streams together send some 400 heartbeats a second at most: the more there are, the more seldom each is wanted. */
const EVERY_MS_PER_STREAM = 3;
const LONGEST_EVERY_MS = 30_000;
/** So many heartbeats may fail to come while the stream is open. */
const MISSED = 2;

/** Lets heartbeats' requests change the protocol, and no other: Java's client asks for `h2c` and goes on without it. */
type UpgradingServer = Server & { shouldUpgradeCallback?: (request: IncomingMessage) => boolean };

/**
 * Heartbeats that cost little, for which the connection itself vouches in between: it is upgraded once, then each line is
 * the id of a check that passes, answered in order by a line with the milliseconds in which the next is wanted (half the
 * TTL at least), or 0 for a check that nobody registered. Of a process that ends, or a machine that vanishes, the system
 * ends the connection; the TTL then runs from that moment. One that hangs is noticed by its missing heartbeats.
 */
@Injectable()
export class HeartbeatStreams {
  readonly #sockets = new Set<Socket>();
  #closed = false;

  constructor(
    @Inject(RegistryState) private readonly state: RegistryState,
    @Inject(TokenGuard) private readonly guard: TokenGuard,
  ) {}

  get size(): number {
    return this.#sockets.size;
  }

  attach(server: UpgradingServer): void {
    server.shouldUpgradeCallback = ({ headers }) => headers.upgrade?.toLowerCase() === STREAM_PROTOCOL;
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      try {
        this.#admit(request);
        this.#take(socket, head);
      } catch (error) {
        const { status, message } = error instanceof Refusal ? error : new Refusal(500, 'the stream was not opened');
        const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: text/plain\r\nconnection: close\r\n`;
        socket.end(`${head}content-length: ${Buffer.byteLength(message)}\r\n\r\n${message}`);
      }
    });
  }

  close(): void {
    this.#closed = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #admit(request: IncomingMessage): void {
    this.guard.check(request);
    if (request.method !== 'GET' || request.url?.split('?', 1)[0] !== STREAM_PATH)
      throw new Refusal(404, `heartbeats are taken at ${STREAM_PATH}`);
    if (this.#closed) throw new Refusal(503, 'the registry stops');
    if (this.#sockets.size >= MAX_STREAMS) throw new Refusal(503, `more than ${MAX_STREAMS} streams of heartbeats`);
  }

  #take(socket: Socket, head: Buffer): void {
    this.#sockets.add(socket);
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, PROBE_AFTER_MS);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${STREAM_PROTOCOL}\r\n\r\n`);
    const held = new Set<string>();
    const decoder = new StringDecoder('utf8');
    let rest = '';
    const take = (data: Buffer): void => {
      const lines = (rest + decoder.write(data)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE_CHARS) socket.destroy();
      else if (lines.length > 0 && !socket.write(lines.map((id) => `${this.#beat(id, held)}\n`).join(''), 'latin1')) {
        // Who reads no answer is heard no further, so that none pile up; its heartbeats then are missing.
        socket.pause();
        socket.once('drain', () => socket.resume());
      }
    };
    if (head.length > 0) take(head);
    socket.on('data', take);
    socket.once('end', () => socket.end());
    socket.once('close', () => {
      this.#sockets.delete(socket);
      for (const id of held) this.state.services.letGo(id);
    });
  }

  #beat(id: string, held: Set<string>): number {
    const sharedMs = Math.min(EVERY_MS_PER_STREAM * this.#sockets.size, LONGEST_EVERY_MS);
    const ttlMs = this.state.services.beat(id, (MISSED + 1) * sharedMs);
    if (ttlMs === undefined) {
      held.delete(id);
      return 0;
    }
    held.add(id);
    return nextHeartbeatMs(Math.min(Math.max(sharedMs, ttlMs / 2), LONGEST_EVERY_MS), performance.now());
  }
}
