import type { RpcRuntime } from './runtime.ts';

/** Makes the calls of a client on a runtime, and closes what it made for them. */
export type ClientFactory<C> = (runtime: RpcRuntime) => { calls: C; close: () => void };

/** A class of clients: extend it, give it to `RpcModule.forFeature`, inject it. */
export type ClientClass<C> = new (runtime: RpcRuntime) => C;

/** A class whose objects have the calls that `make` makes. They are closed together with the runtime. */
export function defineClient<C extends object>(make: ClientFactory<C>): ClientClass<C> {
  class RpcClient {
    constructor(runtime: RpcRuntime) {
      const { calls, close } = make(runtime);
      runtime.onClose(close);
      Object.assign(this, calls);
    }
  }
  return RpcClient as ClientClass<C>;
}
