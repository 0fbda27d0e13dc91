import { isDeepStrictEqual } from 'node:util';
import type { Caller } from '../grey/caller.ts';
import { type GreyRule, matches } from '../grey/grey-rule.ts';
import { NO_RELEASE, type Release } from './release.ts';
import type { Publication } from './release-rows.ts';
import { keyText, type SettingKey } from './setting-key.ts';

/** What is in force for a key: the release for all, and where one is tried out, that for some. */
export interface Standing {
  readonly main: Release;
  /** What was written for it, without what it inherits. */
  readonly written: Publication;
  readonly grey?: { readonly release: Release; readonly rule: GreyRule; readonly written: Publication };
}

export const NOTHING_STANDS: Standing = { main: NO_RELEASE, written: { settings: {}, removed: true } };

/** The newest version of either. */
export const newestOf = ({ main, grey }: Standing): number => grey?.release.version ?? main.version;

/** The release that is for this caller. */
export function releaseFor({ main, grey }: Standing, key: SettingKey, caller: Caller): Release {
  return grey && matches(grey.rule, caller, keyText(key)) ? grey.release : main;
}

/** Whether composed settings are not what is in force for all. */
export function isNews({ main }: Standing, { settings, format, content, removed }: Publication): boolean {
  const nothing = main.version === 0 || main.removed;
  if (removed || nothing) return (removed ?? false) !== nothing;
  return format !== main.format || (content ?? null) !== main.content || !isDeepStrictEqual(settings, main.settings);
}
