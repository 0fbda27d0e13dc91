import type { SettingsTree } from '../../config.ts';

/** What a place holds at one moment. */
export interface Found {
  readonly settings: SettingsTree;
  /** Its leaves are text. */
  readonly text?: boolean;
  /** Another one for each change; empty where there is nothing. */
  readonly mark: string;
}

export const NOTHING: Found = { settings: {}, mark: '' };

/** A foreign place of settings that can be asked, and asked to say when something may have changed. */
export interface FollowedPlace {
  /** For messages: nothing secret. */
  readonly name: string;
  /** Reads what is there; rejects when the place is away, within its deadline. */
  read(signal: AbortSignal): Promise<Found>;
  /**
   * Resolves when there may be news since the last read, and at the latest when its own wait is over, so that a connection
   * that died in silence is noticed. Rejects when the place is away.
   */
  mayHaveChanged(signal: AbortSignal): Promise<void>;
  close?(): void;
}
