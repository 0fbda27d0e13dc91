import type { ExecutionContext } from '@nestjs/common';

/** The transports that a call can come by. */
export type Transport = 'http' | 'grpc' | 'bus';

/** What identifies a call, and what it brings to identify its caller. */
export interface IncomingCall {
  transport: Transport;
  /** The same object for the guard and the interceptor of one call. */
  key: object;
  authorization: string | undefined;
}

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
  return 'delivery' in received ? { transport: 'bus', key: received, authorization: undefined } : undefined;
}

/** Told by its shape: several copies of @grpc/grpc-js may be installed. */
const isMetadata = (received: object): received is GrpcMetadata => 'getMap' in received && 'get' in received;
