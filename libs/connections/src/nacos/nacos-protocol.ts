import { field, mapOf, type Protocol, rpc } from '../grpc/protocol.ts';

/** Nacos' nacos_grpc_service.proto. The body is a google.protobuf.Any whose value is JSON; its type is in the metadata. */
export const nacosProtocol: Protocol = {
  nested: {
    Metadata: {
      fields: { type: field('string', 3), headers: mapOf('string', 'string', 7), clientIp: field('string', 8) },
    },
    Body: { fields: { type_url: field('string', 1), value: field('bytes', 2) } },
    Payload: { fields: { metadata: field('Metadata', 2), body: field('Body', 3) } },
    Request: { methods: { request: rpc('Payload', 'Payload') } },
    BiRequestStream: { methods: { requestBiStream: rpc('Payload', 'Payload', true) } },
  },
};

export interface Payload {
  metadata: { type: string; headers: Record<string, string> } | null;
  body: { value: Buffer } | null;
}

/** What every answer has. */
export interface NacosAnswer {
  /** 200 where it was done. */
  resultCode?: number;
  errorCode?: number;
  message?: string;
}

/** A message, of ours or of the server's. */
export interface NacosMessage {
  /** Nacos' own name: `InstanceRequest`. */
  type: string;
  body: Record<string, unknown>;
}

export const toPayload = ({ type, body }: NacosMessage, headers: Record<string, string> = {}): Payload => ({
  metadata: { type, headers },
  body: { value: Buffer.from(JSON.stringify(body)) },
});

export function toMessage({ metadata, body }: Payload): NacosMessage {
  const text = body?.value.toString() ?? '';
  return { type: metadata?.type ?? '', body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
}
