import type { ServiceUrls } from '../service-options.ts';

/** What a service tells the process that started it, over Node's IPC channel. */
export type ParentMessage =
  | { type: 'waiting'; for: string; reason: string }
  | { type: 'ready'; urls: ServiceUrls }
  | { type: 'stopping' };

/** Sends one message to the parent; nothing happens without one, or when it is gone. */
export function tellParent(message: ParentMessage): void {
  if (process.send === undefined || !process.connected) return;
  process.send(message, undefined, undefined, () => {});
}
