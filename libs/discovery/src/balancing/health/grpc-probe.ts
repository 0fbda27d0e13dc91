import type { Instance } from '../../discovery.ts';

const CHECK = '/grpc.health.v1.Health/Check';
const OPTIONS = { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_retries': 0, 'grpc.enable_http_proxy': 0 };

/** HealthCheckRequest: its one field, a text of fewer than 128 bytes. */
const request = (service: string): Buffer => Buffer.concat([Buffer.of(0x0a, service.length), Buffer.from(service)]);
/** HealthCheckResponse: its one field, of which 1 is SERVING. */
const isServing = (response: Buffer): boolean => response[0] === 0x08 && response[1] === 1;

/**
 * Asks grpc.health.v1, on the gRPC port where the instance says one. A server that knows no such service does not serve.
 * @param service ASCII, fewer than 128 characters
 */
export async function servesGrpc(
  { address, port, grpcPort }: Instance,
  { service, timeoutMs }: { service: string; timeoutMs: number },
  signal: AbortSignal,
): Promise<boolean> {
  const { Client, credentials, Metadata } = await import('@grpc/grpc-js');
  const at = `${address.includes(':') ? `[${address}]` : address}:${grpcPort ?? port}`;
  const client = new Client(at, credentials.createInsecure(), OPTIONS);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const deadline = Date.now() + timeoutMs;
  const call = client.makeUnaryRequest(
    CHECK,
    request,
    isServing,
    service,
    new Metadata(),
    { deadline },
    (error, serves) => resolve(error === null && serves === true),
  );
  const cancel = (): void => call.cancel();
  signal.addEventListener('abort', cancel);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', cancel);
    client.close();
  }
}
