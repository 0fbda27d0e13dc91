/** Where a service can be reached. */
export interface ServiceUrls {
  http?: string;
  grpc?: string;
  [protocol: string]: string | undefined;
}

/** What a service tells the command that started it, over the IPC channel; libs/service sends the same. */
export type ChildMessage =
  | { type: 'waiting'; for: string; reason: string }
  | { type: 'ready'; urls: ServiceUrls }
  | { type: 'stopping' };

/** Recognises a message; anything else that a child may send is not for us. */
export function isChildMessage(message: unknown): message is ChildMessage {
  if (typeof message !== 'object' || message === null || !('type' in message)) return false;
  const { type } = message as { type: unknown };
  return type === 'waiting' || type === 'ready' || type === 'stopping';
}
