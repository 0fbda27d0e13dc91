import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type Format, formatOfName, writeFormat } from '@rookery/config';
import { errors } from '../errors.ts';
import { type Caller, NOBODY } from '../grey/caller.ts';
import { Secrets } from '../secrets/secrets.ts';
import type { Release } from '../settings/release.ts';
import { ReleaseStore } from '../settings/release-store.ts';
import { SettingKey } from '../settings/setting-key.ts';
import { releaseFor, type Standing } from '../settings/standing.ts';

/** A key, and the format in which it is wanted; in its own when not given. */
export interface Wanted {
  readonly key: SettingKey;
  readonly format?: Format;
}

/** What a foreign client gets: a release as text. */
export interface Document {
  readonly key: SettingKey;
  readonly release: Release;
  readonly format: Format;
  readonly content: string;
  readonly md5: string;
}

type Text = Pick<Document, 'format' | 'content' | 'md5'>;

/** The releases as the texts that foreign clients ask for. */
@Injectable()
export class Documents {
  /** Many polls ask for the text of one release. */
  readonly #texts = new WeakMap<Release, Map<Format, Text>>();

  constructor(
    @Inject(ReleaseStore) private readonly releases: ReleaseStore,
    @Inject(Secrets) private readonly secrets: Secrets,
  ) {}

  /** The first of the wanted that is there; a key that was removed is not. */
  async find(
    wanted: readonly Wanted[],
    caller: Caller = NOBODY,
    read: (key: SettingKey) => Promise<Standing> = (key) => this.releases.standing(key),
  ): Promise<Document | undefined> {
    for (const { key, format } of wanted) {
      const release = this.secrets.see(key, releaseFor(await read(key), key, caller), caller.secrets ?? 'masked');
      if (release.version === 0 || release.removed) continue;
      return { key, release, ...this.#text(release, format ?? release.format) };
    }
    return undefined;
  }

  #text(release: Release, format: Format): Text {
    const known = this.#texts.get(release) ?? new Map<Format, Text>();
    this.#texts.set(release, known);
    const written = known.get(format);
    if (written) return written;
    const asItCame = release.content !== null && format === release.format;
    const content = asItCame ? (release.content ?? '') : writeFormat(format, release.settings);
    const text = { format, content, md5: createHash('md5').update(content).digest('hex') };
    known.set(format, text);
    return text;
  }
}

/** Where a name is looked for: as it is, and without the ending that tells the format. */
export function named(namespace: string, group: string, name: string): Wanted[] {
  const ending = formatOfName(name);
  return [
    { key: keyOf(namespace, group, name) },
    ...(ending ? [{ key: keyOf(namespace, group, ending.base), format: ending.format }] : []),
  ];
}

/** A checked key. */
export function keyOf(namespace: string, group: string, service: string): SettingKey {
  const checked = SettingKey.safeParse({ namespace, group, service });
  if (checked.success) return checked.data;
  const wrong = checked.error.issues[0]?.path[0];
  throw errors.nameInvalid(`"${({ namespace, group, service } as Record<PropertyKey, string>)[wrong ?? 'service']}"`);
}
