import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { flatten, formatOfName, writeFormat } from '@rookery/config';
import { Needs } from '../../access/needs.ts';
import { Visitors } from '../../access/visitors.ts';
import { Documents } from '../../documents/documents.ts';
import { errors } from '../../errors.ts';
import { GIT_SOURCES, type GitSources } from '../../git/git-source.ts';
import { GitSync } from '../../git/git-sync.ts';
import type { Caller } from '../../grey/caller.ts';
import type { Reply, Request } from '../exchange.ts';
import { commitSources, SPRING_NAMESPACE, type SpringSource, springSources, together } from './spring-sources.ts';

const MOST_PROFILES = 20;
const TYPES = {
  json: 'application/json',
  yaml: 'text/plain',
  properties: 'text/plain',
  toml: 'text/plain',
  text: 'text/plain',
};
const COMMIT = /^[0-9a-f]{7,40}$/;
const PLAIN = /^(.+)-([^-]+)\.(?:ya?ml|properties|json)$/;

/**
 * What a Spring Cloud Config server answers, below `/spring`. The forms `/{application}/{profile}` and
 * `/{label}/{application}-{profile}.yml` have as many parts; the ending tells them apart, as it does there.
 */
@Needs('read', () => [{ environment: SPRING_NAMESPACE }])
@ApiExcludeController()
@Controller('spring')
export class SpringController {
  constructor(
    @Inject(Documents) private readonly documents: Documents,
    @Inject(Visitors) private readonly visitors: Visitors,
    @Inject(GitSync) private readonly git: GitSync,
    @Inject(GIT_SOURCES) private readonly repositories: GitSources,
  ) {}

  @Get(':file')
  file(@Param('file') file: string, @Req() request: Request, @Res({ passthrough: true }) reply: Reply) {
    return this.#plain(file, '', request, reply);
  }

  @Get(':application/:profiles')
  environment(
    @Param('application') application: string,
    @Param('profiles') profiles: string,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<unknown> {
    return PLAIN.test(profiles)
      ? this.#plain(profiles, application, request, reply)
      : this.#environment(request, application, profiles);
  }

  @Get(':application/:profiles/:label')
  labelled(
    @Param('application') application: string,
    @Param('profiles') profiles: string,
    @Param('label') label: string,
    @Req() request: Request,
  ) {
    return this.#environment(request, application, profiles, label);
  }

  async #environment(request: Request, name: string, list: string, label?: string) {
    const profiles = profilesOf(list);
    const sources = await this.#sources(request, name, profiles, label ?? '');
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

  /** A label is a group: of a repository a branch or a tag; and besides those a commit. */
  async #sources(
    request: Request,
    application: string,
    profiles: readonly string[],
    label: string,
  ): Promise<SpringSource[]> {
    const caller: Caller = { ...this.visitors.caller(request, { environment: SPRING_NAMESPACE }), instance: undefined };
    const isCommit = COMMIT.test(label) && this.repositories.byEnvironment.has(SPRING_NAMESPACE);
    if (!isCommit) return springSources(this.documents, application, profiles, label, caller);
    const files = await this.git.at(SPRING_NAMESPACE, label);
    if (files) return commitSources(files, application, profiles, label);
    const sources = await springSources(this.documents, application, profiles, label, caller);
    if (sources.length === 0) throw errors.labelUnknown(label);
    return sources;
  }

  async #plain(file: string, label: string, request: Request, reply: Reply): Promise<string> {
    const [, application, profile] = PLAIN.exec(file) ?? [];
    const format = formatOfName(file)?.format;
    if (!application || !profile || !format) throw errors.fileUnknown(file);
    const sources = await this.#sources(request, application, profilesOf(profile), label);
    reply.header('content-type', `${TYPES[format]};charset=UTF-8`);
    return writeFormat(format, together(sources)) || (format === 'json' ? '{}' : '');
  }
}

function profilesOf(list: string): string[] {
  const profiles = list.split(',').filter(Boolean);
  if (profiles.length > MOST_PROFILES) throw errors.listeningInvalid(`more than ${MOST_PROFILES} profiles`);
  return profiles;
}
