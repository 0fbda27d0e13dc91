import { readSettings } from '@rookery/service';
import { z } from 'zod';
import { SettingKey } from '../settings/setting-key.ts';

/** Token of {@link GitSources}. */
export const GIT_SOURCES = Symbol('config-center.git-sources');

/** A repository that an environment is read from, and by nobody written to but by pushes. */
export interface GitSource {
  readonly environment: string;
  /** Without credentials. */
  readonly url: string;
  /** `user:password` of the URL, where there is one. */
  readonly credentials: string | undefined;
  /** Folders that files are looked for in, the later over the earlier; `{application}` is any one folder. */
  readonly search: readonly string[];
  /** Branches and tags besides the repository's HEAD; `*` is any text. */
  readonly labels: readonly string[];
  readonly pollMs: number;
}

export interface GitSources {
  readonly byEnvironment: ReadonlyMap<string, GitSource>;
  /** Signs the webhooks; without one there are none. */
  readonly webhookSecret: string | undefined;
}

const PROTOCOLS = new Set(['file:', 'https:', 'http:', 'ssh:']);
const Variables = z.object({
  CONFIG_GIT: z.string('environment=url …').default(''),
  CONFIG_GIT_WEBHOOK_SECRET: z.string('a secret').min(16, 'at least 16 characters').optional(),
});
const Poll = z.coerce.number().int().min(1).max(86_400);

/** The repositories as the environment sets them: `default=https://…/settings.git?labels=release/*&search=,{application}&poll=30`. */
export function readGitSources(): GitSources {
  const { CONFIG_GIT, CONFIG_GIT_WEBHOOK_SECRET: webhookSecret } = readSettings(Variables);
  const sources = CONFIG_GIT.split(/\s+/).filter(Boolean).map(sourceOf);
  return { byEnvironment: new Map(sources.map((source) => [source.environment, source])), webhookSecret };
}

function sourceOf(entry: string): GitSource {
  const at = entry.indexOf('=');
  const environment = SettingKey.shape.namespace.safeParse(entry.slice(0, at));
  const url = URL.canParse(entry.slice(at + 1)) ? new URL(entry.slice(at + 1)) : undefined;
  const poll = Poll.safeParse(url?.searchParams.get('poll') ?? '60');
  if (at < 0 || !environment.success || !url || !PROTOCOLS.has(url.protocol) || !poll.success) {
    throw new Error(
      'CONFIG_GIT must be environment=url, divided by spaces: file, https, http or ssh, with poll of 1 to 86400 seconds.',
    );
  }
  const list = (name: string, otherwise: string[]) =>
    url.searchParams
      .get(name)
      ?.split(',')
      .map((each) => each.trim()) ?? otherwise;
  const [search, labels] = [list('search', ['']), list('labels', []).filter(Boolean)];
  const isHttp = url.protocol.startsWith('http');
  const credentials = isHttp && url.username !== '' ? decodeURIComponent(`${url.username}:${url.password}`) : undefined;
  url.search = '';
  url.password = '';
  if (isHttp) url.username = '';
  return {
    environment: environment.data,
    url: url.href,
    credentials,
    search: search.map((folder) => folder.replace(/^\/+|\/+$/g, '')),
    labels,
    pollMs: poll.data * 1_000,
  };
}
