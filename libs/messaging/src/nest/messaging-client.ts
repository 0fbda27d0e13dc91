import { ClientProxy } from '@nestjs/microservices';

/** Nest's client over the messaging port: `emit` publishes an event, `send` asks and waits for one reply. */
export class MessagingClient extends ClientProxy {
  async connect(): Promise<void> {}

  async close(): Promise<void> {}

  unwrap<T>(): T {
    throw new Error('not implemented');
  }

  protected publish(): () => void {
    throw new Error('not implemented');
  }

  protected dispatchEvent<T>(): Promise<T> {
    throw new Error('not implemented');
  }
}
