import { fileURLToPath } from 'node:url';
import type { MessageTypeDefinition } from '@grpc/proto-loader';
import { RookeryError, toGrpcStatus } from '@rookery/observability';
import { loadDefinitions } from '../grpc/definitions.ts';

/** Trailer in which gRPC carries a google.rpc.Status with error details. */
export const STATUS_DETAILS_KEY = 'grpc-status-details-bin';

const DOMAIN = 'rookery';
const ERROR_INFO = 'google.rpc.ErrorInfo';
const RETRY_INFO = 'google.rpc.RetryInfo';

interface Status {
  code: number;
  message: string;
  details: { type_url: string; value: Buffer }[];
}
interface ErrorInfo {
  reason: string;
  domain: string;
  metadata: Record<string, string>;
}
interface RetryInfo {
  retryDelay: { seconds: string; nanos: number };
}

const definitions = loadDefinitions(fileURLToPath(new URL('../../proto/google/rpc/status.proto', import.meta.url)));
const message = <T extends object>(name: string) => definitions[name] as unknown as MessageTypeDefinition<T, T>;
const status = message<Status>('google.rpc.Status');
const errorInfo = message<ErrorInfo>(ERROR_INFO);
const retryInfo = message<RetryInfo>(RETRY_INFO);

const any = (type: string, value: Buffer) => ({ type_url: `type.googleapis.com/${type}`, value });

/** Writes an error as google.rpc.Status with ErrorInfo (and RetryInfo), which clients in every language can read. */
export function encodeStatusDetails(error: RookeryError): Buffer {
  const metadata: Record<string, string> = { httpStatus: String(error.status) };
  if (error.details) metadata.details = JSON.stringify(error.details);
  const details = [any(ERROR_INFO, errorInfo.serialize({ reason: error.code, domain: DOMAIN, metadata }))];
  if (error.retryAfterMs !== undefined) {
    const seconds = Math.floor(error.retryAfterMs / 1_000);
    const nanos = Math.round((error.retryAfterMs - seconds * 1_000) * 1e6);
    details.push(any(RETRY_INFO, retryInfo.serialize({ retryDelay: { seconds: String(seconds), nanos } })));
  }
  return status.serialize({ code: toGrpcStatus(error.status), message: error.message, details });
}

/** The error that {@link encodeStatusDetails} wrote; undefined when the bytes hold no error of ours. */
export function decodeStatusDetails(bytes: Buffer, cause?: unknown): RookeryError | undefined {
  try {
    const { message: sentence, details } = status.deserialize(bytes);
    const find = (type: string) => details.find((detail) => detail.type_url.endsWith(`/${type}`))?.value;
    const infoBytes = find(ERROR_INFO);
    if (!infoBytes) return undefined;
    const info = errorInfo.deserialize(infoBytes);
    if (info.domain !== DOMAIN) return undefined;
    const retryBytes = find(RETRY_INFO);
    const retry = retryBytes && retryInfo.deserialize(retryBytes).retryDelay;
    return new RookeryError(info.reason, sentence, {
      status: httpStatusOf(info.metadata.httpStatus),
      ...(info.metadata.details && { details: JSON.parse(info.metadata.details) as Record<string, unknown> }),
      ...(retry && { retryAfterMs: Number(retry.seconds) * 1_000 + retry.nanos / 1e6 }),
      cause,
    });
  } catch {
    return undefined;
  }
}

const httpStatusOf = (text: string | undefined): number => (text && /^[45]\d\d$/.test(text) ? Number(text) : 500);
