import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { parseSettings } from '@rookery/config';
import { RookeryError } from '@rookery/observability';
import { errors } from '../errors.ts';
import { checkSettings } from './check-settings.ts';

const TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];

/** The part of Fastify that takes body parsers. */
interface TakesParsers {
  addContentTypeParser(
    types: string[],
    options: { parseAs: 'string' },
    parser: (request: unknown, body: string) => Promise<unknown>,
  ): void;
}

/** Lets a body come as YAML; what the controllers get is the same as for JSON. */
@Injectable()
export class YamlBody implements OnModuleInit {
  constructor(@Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<TakesParsers>();
    fastify.addContentTypeParser(TYPES, { parseAs: 'string' }, async (_request, body) => parse(body));
  }
}

function parse(body: string): unknown {
  try {
    const settings = parseSettings(body, 'the request');
    checkSettings(settings);
    return settings;
  } catch (error) {
    throw error instanceof RookeryError && error.code === 'CONFIG_UNREADABLE' ? errors.yaml(error.message) : error;
  }
}
