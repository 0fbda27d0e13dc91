import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

/** How long a connection of HTTP/2 may last without any use. */
export interface SessionLimits {
  /** Until a connection without streams is closed. */
  keepAliveTimeoutMs: number;
  /** Until a connection is cut on which nothing moves either way. */
  idleTimeoutMs: number;
}

/** Between two looks; also how long a client may take to hang up. */
const LOOK_MS = 500;
const WRITES = Symbol('writes');
type Counted = ServerHttp2Stream & { [WRITES]?: number };

/** Something was taken for this stream: a client that reads all at once shows no other trace of it. */
export function countWrite(stream: Counted): void {
  stream[WRITES] = (stream[WRITES] ?? 0) + 1;
}

/**
 * Ends a connection that nobody uses. What moves is what bodies are made of, and streams that open and end: Node's own
 * timeout of a session also counts frames that cost a client nothing, such as a PING while a body waits for its window.
 */
export class SessionWatch {
  readonly #session: ServerHttp2Session;
  readonly #limits: SessionLimits;
  readonly #socket: Socket;
  readonly #streams = new Set<Counted>();
  #timer: NodeJS.Timeout | undefined;
  #movedAtMs = performance.now();
  #wasDestroyed = false;
  #writes = 0;
  #waiting = 0;
  #received = 0;
  #window = 0;

  constructor(session: ServerHttp2Session, limits: SessionLimits) {
    this.#session = session;
    this.#limits = limits;
    // The socket itself, which outlives the session that stands before it.
    this.#socket = session.socket.once('close', () => clearTimeout(this.#timer));
    // Of HTTP/1.1 it is taken that a client which says no more still reads; of HTTP/2 it means that it has left.
    this.#socket.allowHalfOpen = false;
    session.on('stream', (stream) => {
      this.#streams.add(stream);
      this.#movedAtMs = performance.now();
      stream.once('close', () => {
        this.#streams.delete(stream);
        this.#movedAtMs = performance.now();
      });
    });
    this.#wait();
  }

  /** A look comes after what has arrived meanwhile was read, for the sake of a process that stood still itself. */
  #wait(): void {
    this.#timer = setTimeout(() => setImmediate(() => this.#look()), LOOK_MS).unref();
  }

  #look(): void {
    if (this.#socket.destroyed) return;
    if (this.#session.destroyed) this.#hangUp();
    else if (this.#streams.size === 0) this.#lookAtUnused();
    else this.#lookAtUsed();
    this.#wait();
  }

  /** Node waits for a client to take what was sent and to hang up: for ever, where it does neither. */
  #hangUp(): void {
    if (this.#wasDestroyed) this.#socket.destroy();
    this.#wasDestroyed = true;
  }

  /** Says good-bye, and does not wait for what is not even a stream yet. */
  #lookAtUnused(): void {
    if (performance.now() - this.#movedAtMs < this.#limits.keepAliveTimeoutMs) return;
    if (this.#session.closed) this.#session.destroy();
    else this.#session.close();
  }

  #lookAtUsed(): void {
    if (this.#hasMoved()) this.#movedAtMs = performance.now();
    else if (performance.now() - this.#movedAtMs >= this.#limits.idleTimeoutMs) this.#session.destroy();
  }

  #hasMoved(): boolean {
    let [writes, waiting] = [0, 0];
    for (const stream of this.#streams) {
      writes += stream[WRITES] ?? 0;
      waiting += stream.bufferSize;
      endRequestOfAnswered(stream);
    }
    const { effectiveRecvDataLength: received = 0, remoteWindowSize: window = 0 } = this.#session.state;
    // A window that has grown says nothing: that is the client's word.
    const moved =
      writes !== this.#writes || waiting !== this.#waiting || received !== this.#received || window < this.#window;
    this.#writes = writes;
    this.#waiting = waiting;
    this.#received = received;
    this.#window = window;
    return moved;
  }
}

/** Nobody waits for the rest of a request that has its whole answer (RFC 9113, 8.1). */
function endRequestOfAnswered(stream: ServerHttp2Stream): void {
  if (stream.endAfterHeaders || !stream.writableFinished) return;
  const { localClose, remoteClose } = stream.state;
  if (localClose === 1 && remoteClose === 0) stream.close(constants.NGHTTP2_NO_ERROR);
}
