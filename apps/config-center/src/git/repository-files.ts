import { type Format, formatOfName, layOver, parseFormat } from '@rookery/config';
import { RookeryError } from '@rookery/observability';
import { errors } from '../errors.ts';
import { checkSettings, checkText } from '../settings/check-settings.ts';
import type { Publication } from '../settings/release-rows.ts';
import { SettingKey } from '../settings/setting-key.ts';

/** A file of a commit that says something of a namespace; a higher rank lies over a lower one. */
export interface NamespaceFile {
  readonly path: string;
  readonly id: string;
  readonly name: string;
  readonly format: Format;
  readonly rank: number;
}

/** As Spring has it, .properties win over .yml. */
const FORMATS: readonly Format[] = ['toml', 'yaml', 'json', 'properties'];
const SHARED = 'application';

/**
 * The files that the search finds, and the namespace of each: `orders-prod.yml` is `orders-prod`; in a folder that stands for
 * `{application}`, `application-prod.yml` is that of the folder's application.
 */
export function namespaceFiles(
  files: readonly { path: string; id: string }[],
  search: readonly string[],
): NamespaceFile[] {
  const found = search.flatMap((folder, at) => {
    const pattern = patternOf(folder);
    return files.flatMap(({ path, id }): NamespaceFile[] => {
      const match = pattern.exec(path)?.groups;
      const ending = formatOfName(match?.file ?? '');
      if (!match || !ending || !FORMATS.includes(ending.format)) return [];
      const name = nameOf(ending.base, match.application);
      if (name === undefined || !SettingKey.shape.service.safeParse(name).success) return [];
      return [{ path, id, name, format: ending.format, rank: at * FORMATS.length + FORMATS.indexOf(ending.format) }];
    });
  });
  return found.sort((one, other) => one.rank - other.rank);
}

function patternOf(folder: string): RegExp {
  const escaped = folder.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace('\\{application\\}', '(?<application>[^/]+)');
  return new RegExp(`^${folder === '' ? '' : `${escaped}/`}(?<file>[^/]+)$`);
}

function nameOf(base: string, application: string | undefined): string | undefined {
  if (application === undefined) return base;
  if (base === SHARED || base.startsWith(`${SHARED}-`)) return application + base.slice(SHARED.length);
  return base === application || base.startsWith(`${application}-`) ? base : undefined;
}

/** What the files write, by namespace: one that stands alone keeps its text, several are laid over each other. */
export function writtenByFiles(
  files: readonly NamespaceFile[],
  contentOf: (id: string) => string,
): Map<string, Publication> {
  const written = new Map<string, Publication>();
  for (const { name, path, id, format } of files) {
    const content = contentOf(id);
    const settings = settingsOf(path, format, content);
    const below = written.get(name);
    written.set(
      name,
      below
        ? { settings: { ...layOver(below.settings, settings) }, format, content: null }
        : { settings, format, content },
    );
  }
  return written;
}

function settingsOf(path: string, format: Format, content: string): Record<string, unknown> {
  try {
    checkText(content, 'the text');
    const settings = { ...parseFormat(format, content, path) };
    checkSettings(settings, Buffer.byteLength(content));
    return settings;
  } catch (error) {
    throw error instanceof RookeryError ? errors.gitFailed(`${path}: ${error.message}`) : error;
  }
}
