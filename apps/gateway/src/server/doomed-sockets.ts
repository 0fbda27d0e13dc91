import type { Socket } from 'node:net';

const DOOMED = Symbol('doomed');
type Marked = Socket & { [DOOMED]?: true };

/** Nothing that comes behind this request on its connection is served: who has sent it may have hidden it there. */
export function doom(socket: Marked): void {
  socket[DOOMED] = true;
}

/** Whether the connection ends with the answer to an earlier request, so that what was sent behind that does not count. */
export const isDoomed = (socket: Marked): boolean => socket[DOOMED] === true;
