import type { ServerDuplexStream, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { RegistryState } from '../../domain/registry-state.ts';
import type { TokenGuard } from '../../http/token.guard.ts';
import type { NacosServices } from '../nacos-services.ts';
import { NacosClients } from './nacos-clients.ts';
import { type Payload, requestService, streamService, toMessage, toPayload } from './nacos-payload.ts';
import { NacosRequests } from './nacos-requests.ts';

/** A machine that vanishes is found out within both together. */
const OPTIONS = { 'grpc.keepalive_time_ms': 10_000, 'grpc.keepalive_timeout_ms': 5_000 };

/** The naming part of Nacos' gRPC, which its clients from 2.0 on speak. */
export class NacosGrpc implements OnApplicationBootstrap {
  #server: Server | undefined;
  #clients: NacosClients | undefined;

  constructor(
    private readonly state: RegistryState,
    private readonly services: NacosServices,
    private readonly guard: TokenGuard,
    private readonly at?: { host: string; port: number },
  ) {}

  /** Before the process says that it is ready. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.at) await this.listen(this.at.host, this.at.port);
  }

  /** Throws when the port is taken. */
  async listen(host: string, port: number): Promise<void> {
    const clients = new NacosClients(this.state, this.services);
    const requests = new NacosRequests(this.services, clients);
    const server = new Server(OPTIONS);
    this.#server = server;
    this.#clients = clients;
    server.addService(requestService, {
      request: (call: ServerUnaryCall<Payload, Payload>, done: sendUnaryData<Payload>) => {
        const peer = call.getPeer();
        const mayPass = this.guard.takes(call.request.metadata?.headers.accessToken ?? '');
        done(null, toPayload(requests.answer(toMessage(call.request), { peer, client: clients.of(peer), mayPass })));
      },
    });
    server.addService(streamService, {
      requestBiStream: (call: ServerDuplexStream<Payload, Payload>) => connect(call, clients),
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const at = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    server.bindAsync(at, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve()));
    await promise;
  }

  close(): void {
    this.#clients?.close();
    this.#server?.forceShutdown();
  }
}

/** The stream of a client: the client is there as long as it is. */
function connect(call: ServerDuplexStream<Payload, Payload>, clients: NacosClients): void {
  const peer = call.getPeer();
  let isOpen = true;
  const end = (): void => {
    if (!isOpen) return;
    isOpen = false;
    clients.disconnect(peer);
  };
  const client = clients.connect(peer, {
    send: (message) => {
      if (isOpen) call.write(toPayload(message));
    },
    end: () => {
      call.end();
      end();
    },
  });
  if (!client) {
    call.on('error', () => {});
    call.end();
    return;
  }
  for (const event of ['end', 'cancelled', 'error', 'close']) call.on(event, end);
  call.on('data', (payload: Payload) => {
    const message = toMessage(payload);
    if (message.type.endsWith('Response')) client.heard(message);
  });
}
