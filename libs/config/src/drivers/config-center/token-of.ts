import { readFile } from 'node:fs/promises';
import { errors } from '../../errors.ts';

/** The token that a client shows to the centre, read anew for each call: a file may be replaced by a newer one. */
export type TokenSource = () => Promise<string | undefined>;

/** As the environment says: `CONFIG_TOKEN`, or the file that `CONFIG_TOKEN_FILE` names; none where neither is set. */
export function tokenSource(environment: NodeJS.ProcessEnv = process.env): TokenSource {
  const { CONFIG_TOKEN: token, CONFIG_TOKEN_FILE: file } = environment;
  if (token) return async () => token.trim();
  if (!file) return async () => undefined;
  return async () => {
    try {
      return (await readFile(file, 'utf8')).trim();
    } catch (error) {
      throw errors.unreachable(`CONFIG_TOKEN_FILE (${file})`, error);
    }
  };
}
