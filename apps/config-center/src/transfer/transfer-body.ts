import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { parseSettings } from '@rookery/config';
import { RookeryError } from '@rookery/observability';
import { errors } from '../errors.ts';
import { WrittenSettings } from '../settings/written-settings.ts';
import { ExportDocument } from './export-document.ts';
import { readNacosZip } from './nacos-zip.ts';

export const EXPORT_JSON = 'application/vnd.rookery.config+json';
export const EXPORT_YAML = 'application/vnd.rookery.config+yaml';
const MOST_BYTES = 8 * 1024 * 1024;

/** The part of Fastify that takes body parsers. */
interface TakesParsers {
  addContentTypeParser<B>(
    types: string[],
    options: { parseAs: B extends string ? 'string' : 'buffer'; bodyLimit: number },
    parser: (request: unknown, body: B) => Promise<unknown>,
  ): void;
}

/** Lets whole environments come: larger than other bodies, and as what Nacos exports. */
@Injectable()
export class TransferBody implements OnModuleInit {
  constructor(@Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<TakesParsers>();
    const bodyLimit = MOST_BYTES;
    fastify.addContentTypeParser<string>([EXPORT_JSON], { parseAs: 'string', bodyLimit }, async (_request, body) =>
      parsed(() => JSON.parse(body)),
    );
    fastify.addContentTypeParser<string>([EXPORT_YAML], { parseAs: 'string', bodyLimit }, async (_request, body) =>
      parsed(() => parseSettings(body, 'The file')),
    );
    fastify.addContentTypeParser<Buffer>(
      ['application/zip'],
      { parseAs: 'buffer', bodyLimit },
      async (_request, body) => readNacosZip(body),
    );
  }
}

function parsed(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    throw errors.importInvalid(error instanceof RookeryError ? error.message.replace(/\.$/, '') : 'it is no JSON');
  }
}

/** The document of a request's body, whichever way it came. */
export function documentIn(body: unknown): ExportDocument {
  const read = ExportDocument.safeParse(body instanceof WrittenSettings ? body.settings : body);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw errors.importInvalid(`${issue?.path.join('.') || 'the top'}: ${issue?.message ?? 'unknown'}`);
}
