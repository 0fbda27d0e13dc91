import type { Worker } from 'node:cluster';

/** Node's cluster to a worker, along with a connection. */
interface NewConnection {
  act?: string;
  seq?: number;
}

/** The worker, once it has read that; it begins to read the connection afterwards. */
interface Taken {
  ack?: number;
}

/** The connection, in the hands of the first process. */
interface Handle {
  close(): void;
}

/**
 * Closes what was on its way to a worker that has died, so that clients try again. Node's cluster waits for the worker's
 * word and would keep these connections open for ever. Nothing tells of them but the messages themselves; should Node
 * change those, nothing is noted here, and workers.spec.ts fails.
 */
export function closeUntaken(worker: Worker): void {
  const { process: child } = worker;
  const untaken = new Map<number, Handle>();
  const send = child.send.bind(child) as (...parts: unknown[]) => boolean;
  child.send = (message: NewConnection, handle?: unknown, ...rest: unknown[]) => {
    if (handle && message.act === 'newconn' && message.seq !== undefined) untaken.set(message.seq, handle as Handle);
    return send(message, handle, ...rest);
  };
  child.on('internalMessage', ({ ack }: Taken) => {
    if (ack !== undefined) untaken.delete(ack);
  });
  // Comes after both the exit and the last message.
  child.once('close', () => {
    // A channel that breaks with a connection on its way does not always make Node forget the worker.
    worker.disconnect();
    for (const handle of untaken.values()) handle.close();
  });
}
