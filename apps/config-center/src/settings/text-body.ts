import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Format } from '@rookery/config';
import { WrittenSettings } from './written-settings.ts';

const TYPES: readonly (readonly [Format, string[]])[] = [
  ['yaml', ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml']],
  ['toml', ['application/toml']],
  ['properties', ['text/x-java-properties']],
  ['text', ['text/plain']],
];

/** The part of Fastify that takes body parsers. */
interface TakesParsers {
  addContentTypeParser(
    types: string[],
    options: { parseAs: 'string' },
    parser: (request: unknown, body: string) => Promise<unknown>,
  ): void;
}

/** Lets settings come as text of each format. */
@Injectable()
export class TextBody implements OnModuleInit {
  constructor(@Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<TakesParsers>();
    for (const [format, types] of TYPES) {
      fastify.addContentTypeParser(types, { parseAs: 'string' }, async (_request, body) =>
        WrittenSettings.read(format, body),
      );
    }
  }
}
