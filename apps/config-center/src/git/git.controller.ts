import { Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Public } from '@rookery/security';
import { z } from 'zod';
import { inEnvironment, Needs } from '../access/needs.ts';
import { errors } from '../errors.ts';
import { EnvironmentParam } from '../model/declarations.ts';
import type { Request } from '../protocols/exchange.ts';
import { GIT_SOURCES, type GitSources } from './git-source.ts';
import { GitSync } from './git-sync.ts';
import { GitTaker } from './git-taker.ts';
import { RawBodies } from './raw-bodies.ts';
import { isSigned } from './webhook-signature.ts';

const time = z.iso.datetime().nullable();

const GitState = z.object({
  url: z.string().meta({ description: 'Without credentials.' }),
  pollSeconds: z.number(),
  problem: z.string().nullable().meta({ description: 'Why this replica could not ask the repository the last time.' }),
  labels: z.array(
    z.object({
      group: z.string(),
      label: z.string(),
      commit: z.string().nullable().meta({ description: 'In force.' }),
      takenAt: time,
      failure: z
        .object({ commit: z.string(), at: time, reason: z.string() })
        .nullable()
        .meta({ description: 'A newer commit that is not in force, and why.' }),
    }),
  ),
});

const Accepted = z.object({ accepted: z.boolean() });

/** An environment whose source is a repository: read only here. */
@ApiTags('environments')
@Controller('api/config-center/environments/:environment/git')
export class GitController {
  constructor(
    @Inject(GIT_SOURCES) private readonly sources: GitSources,
    @Inject(GitSync) private readonly sync: GitSync,
    @Inject(GitTaker) private readonly taker: GitTaker,
    @Inject(RawBodies) private readonly bodies: RawBodies,
  ) {}

  @Get()
  @Needs('read', inEnvironment)
  @ApiOperation({
    summary: 'Show the repository of an environment',
    description: 'Which commit each label is at, and why not a newer one.',
  })
  @ApiOkResponse({ description: 'The repository and its labels.', standardSchema: GitState })
  async show(
    @Param({ schema: EnvironmentParam }) { environment }: z.output<typeof EnvironmentParam>,
  ): Promise<z.output<typeof GitState>> {
    const source = this.sources.byEnvironment.get(environment);
    if (!source) throw errors.notDeclared(`A repository of the environment ${environment}`);
    const states = await this.taker.states(environment);
    return {
      url: source.url,
      pollSeconds: source.pollMs / 1_000,
      problem: this.sync.problem(environment) ?? null,
      labels: [...states.values()].map((state) => ({
        group: state.group_name,
        label: state.label,
        commit: state.commit,
        takenAt: state.taken_at?.toISOString() ?? null,
        failure: state.failed_commit && {
          commit: state.failed_commit,
          at: state.failed_at?.toISOString() ?? null,
          reason: state.failure ?? '',
        },
      })) as z.output<typeof GitState>['labels'],
    };
  }

  /** Whoever signs with the secret is let in: the repository's host has no token of ours. */
  @Post('webhook')
  @HttpCode(202)
  @Public()
  @ApiOperation({
    summary: 'Tell of a push',
    description: 'As GitHub, Gitea and Forgejo send it; what it says is not read, the repository is asked.',
  })
  @ApiHeader({ name: 'x-hub-signature-256', description: 'sha256= and the HMAC of the body with the secret.' })
  @ApiResponse({ status: 202, description: 'The repository is asked now.', standardSchema: Accepted })
  @ApiResponse({ status: 401, description: 'It is not signed with the secret.' })
  webhook(
    @Param({ schema: EnvironmentParam }) { environment }: z.output<typeof EnvironmentParam>,
    @Req() request: Request,
  ): z.output<typeof Accepted> {
    const { webhookSecret, byEnvironment } = this.sources;
    if (webhookSecret === undefined || !byEnvironment.has(environment)) {
      throw errors.notDeclared(`A webhook of the environment ${environment}`);
    }
    if (!isSigned(request.raw.headers, this.bodies.of(request), webhookSecret)) {
      throw errors.signatureInvalid('the webhook is not signed with the secret');
    }
    void this.sync.refresh(environment);
    return { accepted: true };
  }
}
