import type { Caller } from '../grey/caller.ts';
import { type GreyRule, matches } from '../grey/grey-rule.ts';
import { NO_RELEASE, type Release } from './release.ts';
import { keyText, type SettingKey } from './setting-key.ts';

/** What is in force for a key: the release for all, and where one is tried out, that for some. */
export interface Standing {
  readonly main: Release;
  readonly grey?: { readonly release: Release; readonly rule: GreyRule };
}

export const NOTHING_STANDS: Standing = { main: NO_RELEASE };

/** The newest version of either. */
export const newestOf = ({ main, grey }: Standing): number => grey?.release.version ?? main.version;

/** The release that is for this caller. */
export function releaseFor({ main, grey }: Standing, key: SettingKey, caller: Caller): Release {
  return grey && matches(grey.rule, caller, keyText(key)) ? grey.release : main;
}
