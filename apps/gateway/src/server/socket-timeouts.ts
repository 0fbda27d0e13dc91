import type { Socket } from 'node:net';

/** Between two looks at all sockets. */
const TICK_MS = 1_000;
/** So many are looked at before the loop has its turn again. */
const SLICE = 1_000;

interface Watched {
  readonly socket: Socket;
  /** 0 where it may stand still for ever. */
  limitMs: number;
  /** What had gone by at the last look that saw it move. */
  bytes: number;
  movedAtMs: number;
}

/**
 * How long client connections may stand still, for all of them on one timer. Node gives a socket a timer of its own, which
 * its HTTP server sets twice a request and each read and each write moves on: three hundredths of what a small request
 * costs here (docs/figures.md). With this to set a limit is to store a number, and who stands still shows by how many bytes
 * have gone by. `timeout` is emitted as ever, never early, and up to two seconds late.
 */
export class SocketTimeouts {
  readonly #all = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  /** From now on the socket's `setTimeout` sets its limit here. */
  watch(socket: Socket): void {
    const watched: Watched = { socket, limitMs: 0, bytes: -1, movedAtMs: 0 };
    this.#all.add(watched);
    socket.setTimeout = (limitMs, onTimeout) => {
      watched.limitMs = limitMs;
      watched.bytes = -1;
      if (onTimeout && limitMs > 0) socket.once('timeout', onTimeout);
      else if (onTimeout) socket.off('timeout', onTimeout);
      return socket;
    };
    socket.once('close', () => this.#all.delete(watched));
    this.#timer ??= setTimeout(this.#tick, TICK_MS).unref();
  }

  /** A look comes after what has arrived meanwhile was read, for the sake of a process that stood still itself. */
  readonly #tick = (): void => {
    this.#timer = undefined;
    if (this.#all.size > 0) setImmediate(() => this.#look(this.#all.values()));
  };

  #look(rest: IterableIterator<Watched>): void {
    const nowMs = performance.now();
    let left = SLICE;
    for (let next = rest.next(); !next.done; next = rest.next()) {
      lookAt(next.value, nowMs);
      left--;
      if (left > 0) continue;
      setImmediate(() => this.#look(rest));
      return;
    }
    this.#timer ??= setTimeout(this.#tick, TICK_MS).unref();
  }
}

function lookAt(watched: Watched, nowMs: number): void {
  const { socket, limitMs } = watched;
  const bytes = socket.bytesRead + socket.bytesWritten - socket.writableLength;
  if (bytes !== watched.bytes) {
    watched.bytes = bytes;
    watched.movedAtMs = nowMs;
  } else if (limitMs > 0 && nowMs - watched.movedAtMs >= limitMs) {
    watched.movedAtMs = nowMs;
    socket.emit('timeout');
  }
}
