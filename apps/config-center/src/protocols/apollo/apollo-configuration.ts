import { flatten } from '@rookery/config';
import type { Document, Documents } from '../../documents/documents.ts';
import type { Caller } from '../../grey/caller.ts';
import type { ApolloWanted } from './apollo-names.ts';

/** An Apollo namespace as it is now. */
export interface ApolloConfiguration {
  /** Changes with each release of what is in it. */
  readonly releaseKey: string;
  /** Keys and values; of a namespace that is no .properties the one key `content`. */
  readonly configurations: Record<string, string>;
  /** The app's own, or the public one. */
  readonly document: Document;
}

/** Reads a namespace: the app's own keys over those of the public one. Undefined where there is neither. */
export async function readApollo(
  documents: Documents,
  { own, shared, format }: ApolloWanted,
  caller: Caller,
): Promise<ApolloConfiguration | undefined> {
  const found = [await documents.find(shared, caller), await documents.find(own, caller)].filter(
    (each) => each !== undefined,
  );
  const document = found.at(-1);
  if (!document) return undefined;
  return {
    releaseKey: found.map(({ key, release }) => `${key.group}/${key.service}@${release.version}`).join('+'),
    configurations:
      format === 'properties' ? Object.assign({}, ...found.map(flatTexts)) : { content: document.content },
    document,
  };
}

const flatTexts = ({ release }: Document): Record<string, string> =>
  Object.fromEntries([...flatten(release.settings)].map(([key, value]) => [key, value === null ? '' : String(value)]));
