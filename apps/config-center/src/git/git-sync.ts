import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LOGGER, type Logger, RookeryError } from '@rookery/observability';
import { errors } from '../errors.ts';
import type { Publication } from '../settings/release-rows.ts';
import { type GitLabel, groupsOf, HEAD_GROUP } from './git-labels.ts';
import { GitRepository } from './git-repository.ts';
import { GIT_SOURCES, type GitSource, type GitSources } from './git-source.ts';
import { GitTaker } from './git-taker.ts';

const MOST_COMMITS_KEPT = 20;
/** Whoever reads may name any commit, and each is a process of git. */
const MOST_LOOKING = 8;

interface Followed {
  readonly source: GitSource;
  readonly repository: GitRepository;
  timer?: NodeJS.Timeout;
  running?: Promise<void>;
  /** Somebody asked while a round was running. */
  again: boolean;
  /** Of the last round, where the repository could not be asked. */
  problem?: string;
}

/** Follows the repositories: asks them every so often and when a webhook says so, and puts in force what is new. */
@Injectable()
export class GitSync implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #followed = new Map<string, Followed>();
  readonly #commits = new Map<string, Promise<ReadonlyMap<string, Publication>>>();
  readonly #stop = new AbortController();
  #home: string | undefined;
  #looking = 0;

  constructor(
    @Inject(GIT_SOURCES) private readonly sources: GitSources,
    @Inject(GitTaker) private readonly taker: GitTaker,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.sources.byEnvironment.size === 0) return;
    this.#home = await mkdtemp(join(tmpdir(), 'rookery-config-git-'));
    for (const source of this.sources.byEnvironment.values()) {
      const repository = new GitRepository(source, this.#home, this.#stop.signal);
      this.#followed.set(source.environment, { source, repository, again: false });
      void this.refresh(source.environment);
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    for (const { timer } of this.#followed.values()) clearTimeout(timer);
    await Promise.all([...this.#followed.values()].map(({ running }) => running));
    if (this.#home) await rm(this.#home, { recursive: true, force: true });
  }

  /** Why the repository could not be asked the last time; undefined where it could. */
  problem(environment: string): string | undefined {
    return this.#followed.get(environment)?.problem;
  }

  /** Looks for what is new, after a round that runs already. */
  async refresh(environment: string): Promise<void> {
    const followed = this.#followed.get(environment);
    if (!followed || this.#stop.signal.aborted) return;
    if (followed.running) {
      followed.again = true;
      return followed.running;
    }
    clearTimeout(followed.timer);
    followed.running = this.#rounds(followed);
    await followed.running;
  }

  /** The files of a commit, by namespace; undefined where the environment has no repository, or that no such commit. */
  async at(environment: string, id: string): Promise<ReadonlyMap<string, Publication> | undefined> {
    const repository = this.#followed.get(environment)?.repository;
    if (!repository) return undefined;
    if (this.#looking >= MOST_LOOKING) throw errors.gitBusy();
    this.#looking += 1;
    const commit = await repository.commit(id).finally(() => {
      this.#looking -= 1;
    });
    if (commit === undefined) return undefined;
    const name = `${environment}/${commit}`;
    const known = this.#commits.get(name);
    if (known) return known;
    const reading = repository.read(commit);
    this.#commits.set(name, reading);
    reading.catch(() => this.#commits.delete(name));
    const [oldest] = this.#commits.keys();
    if (this.#commits.size > MOST_COMMITS_KEPT && oldest !== undefined) this.#commits.delete(oldest);
    return reading;
  }

  async #rounds(followed: Followed): Promise<void> {
    do {
      followed.again = false;
      await this.#round(followed);
    } while (followed.again && !this.#stop.signal.aborted);
    delete followed.running;
    if (this.#stop.signal.aborted) return;
    followed.timer = setTimeout(() => void this.refresh(followed.source.environment), followed.source.pollMs);
  }

  async #round(followed: Followed): Promise<void> {
    const { environment, labels } = followed.source;
    try {
      const groups = groupsOf(await followed.repository.heads(), labels);
      if (!groups.has(HEAD_GROUP)) throw errors.gitFailed('it has no commit at HEAD');
      const states = await this.taker.states(environment);
      const news = [...groups].filter(([group, { commit }]) => states.get(group)?.commit !== commit);
      if (news.length > 0) await followed.repository.fetch();
      for (const [group, label] of news) await this.#take(followed, group, label, states.get(group)?.commit ?? null);
      for (const [group, { commit }] of states) {
        if (!groups.has(group)) await this.taker.drop(environment, group, commit);
      }
      delete followed.problem;
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const problem = error instanceof RookeryError ? error.message : 'it failed: see the log';
      if (problem !== followed.problem)
        this.logger.warn({ error, environment }, 'a repository of settings cannot be read');
      followed.problem = problem;
    }
  }

  async #take({ source, repository }: Followed, group: string, label: GitLabel, seen: string | null): Promise<void> {
    const { environment } = source;
    try {
      const written = await repository.read(label.commit);
      const comment = `${label.commit.slice(0, 12)} ${await repository.subject(label.commit)}`.slice(0, 1_000);
      await this.taker.take({ environment, group, label, seen, written, comment });
    } catch (error) {
      const isOurs = error instanceof RookeryError && error.status < 500;
      if (!isOurs || this.#stop.signal.aborted) throw error;
      this.logger.warn({ error, environment, label: label.name }, 'a push is not put in force');
      await this.taker.refuse(environment, group, label, error.message);
    }
  }
}
