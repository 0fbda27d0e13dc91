import { type CustomTransportStrategy, Server } from '@nestjs/microservices';

/**
 * Nest's transport over the messaging port: `@EventPattern('order.placed')` and `@MessagePattern` handlers as with
 * any other. `app.connectMicroservice({ strategy: app.get(MessagingServer) })` connects it.
 */
export class MessagingServer extends Server implements CustomTransportStrategy {
  /** Consumer group when the module names none; the service's name. Set before `listen`. */
  useGroup(_group: string): void {}

  listen(_callback: (error?: unknown) => void): void {
    throw new Error('not implemented');
  }

  async close(): Promise<void> {}

  on(): void {}

  unwrap<T>(): T {
    throw new Error('not implemented');
  }
}
