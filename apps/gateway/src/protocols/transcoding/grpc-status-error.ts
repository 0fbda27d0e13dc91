import { GrpcStatus, RookeryError, toHttpStatus } from '@rookery/observability';
import protobuf from 'protobufjs';

/** google/rpc/status.proto and what of google/rpc/error_details.proto our services write. */
const { root } = protobuf.parse(`
syntax = "proto3";
message Status { int32 code = 1; string message = 2; repeated Detail details = 3; }
message Detail { string type_url = 1; bytes value = 2; }
message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
`);
const Status = root.lookupType('Status');
const ErrorInfo = root.lookupType('ErrorInfo');

interface Trailers {
  readonly [name: string]: string | string[] | undefined;
}

const NAMES = new Map<number, string>(Object.entries(GrpcStatus).map(([name, code]) => [code, name]));

/** What a call's trailers say went wrong; undefined when nothing did. A call without a status was cut off. */
export function errorOf(trailers: Trailers, service: string): RookeryError | undefined {
  const status = Number(trailers['grpc-status'] ?? Number.NaN);
  if (status === GrpcStatus.OK) return undefined;
  if (Number.isNaN(status))
    return new RookeryError('UPSTREAM_FAILED', `${service} ended the call without a status.`, { status: 502 });
  const message = decodeMessage(String(trailers['grpc-message'] ?? '')) || 'The service gave no reason.';
  const info = infoOf(trailers['grpc-status-details-bin']);
  return new RookeryError(info?.reason || (NAMES.get(status) ?? 'UNKNOWN'), message, {
    status: httpStatusOf(info?.metadata.httpStatus) ?? toHttpStatus(status),
    ...(info?.metadata.details && { details: JSON.parse(info.metadata.details) as Record<string, unknown> }),
  });
}

function infoOf(
  header: string | string[] | undefined,
): { reason: string; metadata: Record<string, string> } | undefined {
  if (typeof header !== 'string') return undefined;
  try {
    const { details } = Status.decode(Buffer.from(header, 'base64')) as unknown as {
      details: { typeUrl: string; value: Uint8Array }[];
    };
    const found = details.find(({ typeUrl }) => typeUrl.endsWith('/google.rpc.ErrorInfo'));
    return found && (ErrorInfo.decode(found.value) as unknown as { reason: string; metadata: Record<string, string> });
  } catch {
    return undefined;
  }
}

const httpStatusOf = (text: string | undefined): number | undefined =>
  text && /^[45]\d\d$/.test(text) ? Number(text) : undefined;

function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
