import type { ExecutionContext } from '@nestjs/common';
import type { Principal } from '@rookery/observability';

/** What identifies a call, and what it brings to identify its caller. */
export type IncomingCall =
  | {
      transport: 'http' | 'grpc';
      /** The same object for the guard and the interceptor of one call. */
      key: object;
      authorization: string | undefined;
    }
  | { transport: 'bus'; key: object; principal: Principal | undefined };

interface GrpcMetadata {
  get(name: string): (string | Buffer)[];
}

/** Reads a call of any transport; undefined for one that is not known. */
export function incomingCall(context: ExecutionContext): IncomingCall | undefined {
  if (context.getType() === 'http') {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
    return { transport: 'http', key: request, authorization: request.headers.authorization };
  }
  if (context.getType() !== 'rpc') return undefined;
  const received = context.switchToRpc().getContext<object>();
  if (isMetadata(received)) {
    const values = received.get('authorization').map(String);
    // Several would be a question of which one counts.
    return { transport: 'grpc', key: received, authorization: values.length > 0 ? values.join(',') : undefined };
  }
  if (!isMessage(received)) return undefined;
  return { transport: 'bus', key: received, principal: received.delivery.principal };
}

/** The envelope's principal, which @rookery/messaging writes and reads; headers of the message are not looked at. */
const isMessage = (received: object): received is { delivery: { principal?: Principal } } => 'delivery' in received;

/** Told by its shape: several copies of @grpc/grpc-js may be installed. */
const isMetadata = (received: object): received is GrpcMetadata => 'getMap' in received && 'get' in received;
