import type { ServiceDefinition } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

/** What is said, by its name in Nacos: `InstanceRequest`. */
export interface NacosMessage {
  type: string;
  body: Record<string, unknown>;
}

/** A message on the wire: JSON in a google.protobuf.Any. */
export interface Payload {
  metadata: { type: string; headers: Record<string, string> } | null;
  body: { value: Buffer } | null;
}

const text = (id: number) => ({ type: 'string', id });
const call = { requestType: 'Payload', responseType: 'Payload' };

/** Nacos' nacos_grpc_service.proto. */
const definition = fromJSON(
  {
    nested: {
      Metadata: {
        fields: { type: text(3), headers: { keyType: 'string', ...text(7) }, clientIp: text(8) },
      },
      Body: { fields: { type_url: text(1), value: { type: 'bytes', id: 2 } } },
      Payload: { fields: { metadata: { type: 'Metadata', id: 2 }, body: { type: 'Body', id: 3 } } },
      Request: { methods: { request: call } },
      BiRequestStream: { methods: { requestBiStream: { ...call, requestStream: true, responseStream: true } } },
    },
  } as Parameters<typeof fromJSON>[0],
  { keepCase: true, defaults: true },
);

export const requestService = definition.Request as ServiceDefinition;
export const streamService = definition.BiRequestStream as ServiceDefinition;

export const toPayload = ({ type, body }: NacosMessage): Payload => ({
  metadata: { type, headers: {} },
  body: { value: Buffer.from(JSON.stringify(body)) },
});

/** A body that is no JSON object is none. */
export function toMessage({ metadata, body }: Payload): NacosMessage {
  const type = metadata?.type ?? '';
  try {
    const value: unknown = JSON.parse(body?.value.toString('utf8') ?? '');
    return { type, body: typeof value === 'object' && value !== null ? { ...value } : {} };
  } catch {
    return { type, body: {} };
  }
}
