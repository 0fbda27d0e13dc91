import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { flatten, formatOfName, writeFormat } from '@rookery/config';
import { Needs } from '../../access/needs.ts';
import { Documents } from '../../documents/documents.ts';
import { errors } from '../../errors.ts';
import type { Reply } from '../exchange.ts';
import { SPRING_NAMESPACE, springSources, together } from './spring-sources.ts';

const MOST_PROFILES = 20;
const TYPES = {
  json: 'application/json',
  yaml: 'text/plain',
  properties: 'text/plain',
  toml: 'text/plain',
  text: 'text/plain',
};
const PLAIN = /^(.+)-([^-]+)\.(?:ya?ml|properties|json)$/;

/**
 * What a Spring Cloud Config server answers, below `/spring`. The forms `/{application}/{profile}` and
 * `/{label}/{application}-{profile}.yml` have as many parts; the ending tells them apart, as it does there.
 */
@Needs('read', () => [SPRING_NAMESPACE])
@ApiExcludeController()
@Controller('spring')
export class SpringController {
  constructor(@Inject(Documents) private readonly documents: Documents) {}

  @Get(':file')
  file(@Param('file') file: string, @Res({ passthrough: true }) reply: Reply) {
    return this.#plain(file, '', reply);
  }

  @Get(':application/:profiles')
  environment(
    @Param('application') application: string,
    @Param('profiles') profiles: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<unknown> {
    return PLAIN.test(profiles) ? this.#plain(profiles, application, reply) : this.#environment(application, profiles);
  }

  @Get(':application/:profiles/:label')
  labelled(
    @Param('application') application: string,
    @Param('profiles') profiles: string,
    @Param('label') label: string,
  ) {
    return this.#environment(application, profiles, label);
  }

  async #environment(name: string, list: string, label?: string) {
    const profiles = profilesOf(list);
    const sources = await springSources(this.documents, name, profiles, label ?? '');
    return {
      name,
      profiles,
      label: label ?? null,
      version: sources.map(({ release }) => release.version).join('.') || null,
      state: null,
      propertySources: sources.map(({ name: source, release }) => ({
        name: source,
        source: Object.fromEntries([...flatten(release.settings)].map(([key, value]) => [key, value ?? ''])),
      })),
    };
  }

  async #plain(file: string, label: string, reply: Reply): Promise<string> {
    const [, application, profile] = PLAIN.exec(file) ?? [];
    const format = formatOfName(file)?.format;
    if (!application || !profile || !format) throw errors.fileUnknown(file);
    const sources = await springSources(this.documents, application, profilesOf(profile), label);
    reply.header('content-type', `${TYPES[format]};charset=UTF-8`);
    return writeFormat(format, together(sources)) || (format === 'json' ? '{}' : '');
  }
}

function profilesOf(list: string): string[] {
  const profiles = list.split(',').filter(Boolean);
  if (profiles.length > MOST_PROFILES) throw errors.listeningInvalid(`more than ${MOST_PROFILES} profiles`);
  return profiles;
}
