import { GrpcStatus, RookeryError } from '@rookery/observability';
import type { Dispatcher } from 'undici';
import { messagesOf, toFrame } from '../grpc-frames.ts';
import { errorOf } from '../grpc-status-error.ts';
import { readFile } from './described-files.ts';
import { answerOf, questionBytes, type ReflectionAnswer, type ReflectionQuestion } from './reflection-messages.ts';

const VERSIONS = ['v1', 'v1alpha'] as const;
const HEADERS = { 'content-type': 'application/grpc', te: 'trailers' };
/** What one service may tell of itself. */
const MOST_FILES = 2_000;
const MOST_BYTES = 16 * 1024 * 1024;
/** The services of the protocol itself and of health. */
const OF_GRPC = /^grpc\./;

export interface Reflected {
  /** Full names of the services. */
  readonly services: readonly string[];
  /** FileDescriptorProtos of the services and of all that they import. */
  readonly files: readonly Uint8Array[];
}

/** Asks an instance which gRPC services it has, and for the files that describe them: server reflection, v1 or v1alpha. */
export async function askInstance(
  connections: Dispatcher,
  service: string,
  signal: AbortSignal,
  wanted?: readonly string[],
): Promise<Reflected> {
  for (const version of VERSIONS) {
    const ask = (questions: readonly ReflectionQuestion[]) => askAll(connections, version, service, questions, signal);
    const answers = await ask([{ listServices: '' }]);
    if (answers === undefined) continue;
    const listed = answers.flatMap((answer) => answer.listServicesResponse?.service ?? []).map(({ name }) => name);
    const services = wanted ?? listed.filter((name) => !OF_GRPC.test(name));
    return { services, files: await filesOf(services, ask, service) };
  }
  throw new RookeryError('REFLECTION_MISSING', `${service} does not answer to gRPC server reflection.`, {
    status: 501,
  });
}

type Ask = (questions: readonly ReflectionQuestion[]) => Promise<readonly ReflectionAnswer[] | undefined>;

async function filesOf(services: readonly string[], ask: Ask, service: string): Promise<Uint8Array[]> {
  const files = new Map<string, Uint8Array>();
  let bytes = 0;
  let questions: ReflectionQuestion[] = services.map((name) => ({ fileContainingSymbol: name }));
  while (questions.length > 0) {
    const answers = (await ask(questions)) ?? [];
    const missing = new Set<string>();
    for (const { fileDescriptorResponse, errorResponse } of answers) {
      if (errorResponse) throw unreadable(service, errorResponse.errorMessage || `error ${errorResponse.errorCode}`);
      for (const file of fileDescriptorResponse?.fileDescriptorProto ?? []) {
        const { name, dependencies } = readFile(file);
        if (files.has(name)) continue;
        files.set(name, file);
        bytes += file.length;
        if (files.size > MOST_FILES || bytes > MOST_BYTES) throw unreadable(service, 'it describes too much');
        for (const dependency of dependencies) missing.add(dependency);
      }
    }
    questions = [...missing].filter((name) => !files.has(name)).map((fileByFilename) => ({ fileByFilename }));
  }
  return [...files.values()];
}

/** All questions in one stream. Undefined where the instance does not know the protocol in this version. */
async function askAll(
  connections: Dispatcher,
  version: (typeof VERSIONS)[number],
  service: string,
  questions: readonly ReflectionQuestion[],
  signal: AbortSignal,
): Promise<ReflectionAnswer[] | undefined> {
  const { statusCode, headers, body, trailers } = await connections.request({
    path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    method: 'POST',
    headers: HEADERS,
    body: Buffer.concat(questions.map((question) => toFrame(questionBytes(question)))),
    signal,
  });
  const answers: ReflectionAnswer[] = [];
  if (statusCode === 200) {
    for await (const message of messagesOf(body, MOST_BYTES)) answers.push(answerOf(message));
  } else {
    await body.dump();
  }
  const status = { ...headers, ...trailers };
  if (Number(status['grpc-status']) === GrpcStatus.UNIMPLEMENTED) return undefined;
  const failed = statusCode === 200 ? errorOf(status, service) : unreadable(service, `status ${statusCode}`);
  if (failed) throw failed;
  return answers;
}

const unreadable = (service: string, reason: string) =>
  new RookeryError('REFLECTION_FAILED', `What ${service} says of its gRPC services cannot be used: ${reason}.`, {
    status: 502,
  });
