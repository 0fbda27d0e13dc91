import { Inject, Injectable } from '@nestjs/common';
import {
  hasSealed,
  type KeyRing,
  MASK,
  mapTexts,
  masked,
  type Origin,
  openSealed,
  openTree,
  readKeyRing,
  type Scalar,
  seal,
  sealOf,
} from '@rookery/config';
import { LOGGER, type Logger } from '@rookery/observability';
import { errors } from '../errors.ts';
import type { Release } from '../settings/release.ts';
import type { Publication } from '../settings/release-rows.ts';
import { keyText, type SettingKey } from '../settings/setting-key.ts';
import type { Showing } from './showing.ts';

/** Token of the key ring; undefined where the environment has none. */
export const KEY_RING = Symbol('config-center.key-ring');
export const keyRing = { provide: KEY_RING, useFactory: () => readKeyRing() };

type Settings = Record<string, unknown>;
type Written = Pick<Publication, 'settings' | 'content'>;

/** Encrypted values: taken in, shown, encrypted anew. What is stored, compared and logged of them is encrypted. */
@Injectable()
export class Secrets {
  readonly #seen = new WeakMap<Release, Map<Showing, Release>>();

  constructor(
    @Inject(KEY_RING) private readonly ring: KeyRing | undefined,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The value as it is stored at a path of a key. */
  seal(key: SettingKey, path: string, value: Scalar): string {
    return seal(this.#ring(path), { ...originOf(key), path }, value);
  }

  open(key: SettingKey, path: string, text: string): Scalar {
    return openSealed(this.#ring(path), text, (origin) => isAt(origin, key) && origin.path === path);
  }

  /**
   * What somebody wrote, as it is kept: a mask is the value that was there, and an encrypted value has to be readable, and
   * encrypted for this path of this key.
   */
  accept<T extends Written>(key: SettingKey, written: T, present: Settings): T {
    const kept = new Map<string, string>();
    mapTexts(present, (text, path) => void kept.set(path, text));
    let unmasked = false;
    const settings = mapTexts(written.settings, (text, path) => {
      if (!hasSealed(text)) return text;
      if (text === MASK) {
        const old = kept.get(path);
        if (old === undefined || !sealOf(old)) throw errors.maskUnknown(path);
        unmasked = true;
        return old;
      }
      if (!sealOf(text)) throw errors.notSealed(path);
      this.open(key, path, text);
      return text;
    }) as Settings;
    return unmasked ? { ...written, settings, content: null } : written;
  }

  /** A release as somebody gets it; the same object where there is nothing encrypted in it. */
  see(key: SettingKey, release: Release, how: Showing): Release {
    if (how === 'sealed') return release;
    const known = this.#seen.get(release) ?? new Map<Showing, Release>();
    this.#seen.set(release, known);
    const seen = known.get(how) ?? this.#see(key, release, how);
    known.set(how, seen);
    return seen;
  }

  /** What was written, with the current key in place of older ones; undefined where there are none. */
  reseal(key: SettingKey, written: Written): Written | undefined {
    const anew = new Map<string, string>();
    const settings = mapTexts(written.settings, (text, path) => {
      const old = sealOf(text);
      if (!old || old.keyId === this.#ring(path).current) return text;
      const next = this.seal(key, path, this.open(key, path, text));
      anew.set(text, next);
      return next;
    }) as Settings;
    if (anew.size === 0) return undefined;
    const content = [...anew].reduce((text, [old, next]) => text?.replaceAll(old, next) ?? null, written.content);
    return { settings, content };
  }

  get currentKey(): string | undefined {
    return this.ring?.current;
  }

  #ring(path: string): KeyRing {
    if (!this.ring) throw errors.keyRingMissing(path);
    return this.ring;
  }

  #see(key: SettingKey, release: Release, how: Showing): Release {
    if (!hasSealed(JSON.stringify(release.settings))) return release;
    const { ring } = this;
    const allowed = (origin: Origin) =>
      isAt(origin, key) ||
      (origin.namespace === key.namespace &&
        (release.madeOf ?? []).some(({ group, service }) => group === origin.group && service === origin.service));
    const settings = mapTexts(release.settings, (text, path) => {
      if (how === 'masked' || !ring) return masked(text);
      try {
        return openTree(ring, text, allowed);
      } catch (error) {
        // It was changed in the database, or its key is gone: who cannot do without it finds a mask and refuses the release.
        this.logger.warn({ error, key: keyText(key), version: release.version, path }, 'settings.seal_broken');
        return MASK;
      }
    }) as Settings;
    const content = how === 'masked' && release.content !== null ? masked(release.content) : null;
    return { ...release, settings, content };
  }
}

const originOf = ({ namespace, group, service }: SettingKey) => ({ namespace, group, service });

const isAt = (origin: Origin, key: SettingKey): boolean =>
  origin.namespace === key.namespace && origin.group === key.group && origin.service === key.service;
