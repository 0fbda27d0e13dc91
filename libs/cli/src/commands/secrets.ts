import { text as textOf } from 'node:stream/consumers';
import { Failure, messageOf, usage } from '../failure.ts';
import { homeOf } from '../home/home.ts';
import { readState } from '../home/state-file.ts';
import { renderTable } from '../output/table.ts';
import { accessToken } from './token.ts';

const ANSWER_MS = 60_000;

interface Place {
  environment: string;
  group: string;
  service: string;
}

interface Rotated {
  key: string;
  rotated: { group: string; service: string; version: number }[];
  skipped: { group: string; service: string; reason: string }[];
}

/** `orders`, `prod/orders` or `prod/eu/orders`. */
export function placeOf(text: string): Place {
  const parts = text.split('/');
  const service = parts.pop();
  const [environment = 'default', group = 'default', ...more] = parts;
  if (!service || more.length > 0 || parts.includes('')) {
    throw usage(`"${text}" is no key; it looks like orders, prod/orders or prod/eu/orders.`);
  }
  return { environment, group, service };
}

/** What `rookery config` does: values are encrypted and decrypted by the centre, which has the keys. */
export async function secretVerbs(root: string, environment: NodeJS.ProcessEnv) {
  const home = homeOf(root, environment);
  const url = environment.CONFIG_URL ?? readState(home)?.variables.CONFIG_URL;
  if (!url) throw new Failure(`No platform runs in ${home}; start one with npm start, or set CONFIG_URL.`);
  if (!/^https?:/.test(url)) throw usage('CONFIG_URL does not lead to a configuration centre.');
  const centre = `${new URL(url).origin}/api/config-center`;
  const token = environment.CONFIG_TOKEN ?? (await accessToken(root, environment));

  const post = async <T>(path: string, body: unknown): Promise<T> => {
    const response = await fetch(centre + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS),
    }).catch((error: unknown) => {
      throw new Failure(`The configuration centre at ${centre} does not answer (${messageOf(error)}).`);
    });
    const answer = (await response.json().catch(() => ({}))) as T & { detail?: string };
    if (response.ok) return answer;
    throw new Failure(answer.detail ?? `The configuration centre answered ${response.status}.`);
  };
  const convert = async (verb: 'encrypt' | 'decrypt', key: string, path: string, value: string): Promise<string> => {
    const { environment: of, group, service } = placeOf(key);
    const at = [of, group, service].map(encodeURIComponent).join('/');
    const { values } = await post<{ values: Record<string, unknown> }>(`/settings/${at}/${verb}`, {
      values: { [path]: value },
    });
    return String(values[path]);
  };

  return {
    encrypt: (key: string, path: string, value: string) => convert('encrypt', key, path, value),
    decrypt: (key: string, path: string, value: string) => convert('decrypt', key, path, value),
    async rotate(of: string, dryRun: boolean): Promise<string> {
      const query = dryRun ? '?dryRun=true' : '';
      const answer = await post<Rotated>(`/environments/${encodeURIComponent(of)}/rotate-keys${query}`, {});
      const rows = [
        ...answer.rotated.map(({ group, service, version }) => [group, service, `version ${version}`]),
        ...answer.skipped.map(({ group, service, reason }) => [group, service, `left as it is: ${reason}`]),
      ];
      if (rows.length === 0) return `All encrypted values of ${of} are encrypted with the key ${answer.key}.`;
      return renderTable(['GROUP', 'SERVICE', `WITH ${answer.key}`], rows, { flexible: 2 });
    },
  };
}

/** A value from the standard input, so that it stands in no list of processes and no history of a shell. */
export async function readValue(input: NodeJS.ReadableStream): Promise<string> {
  const value = (await textOf(input)).replace(/\r?\n$/, '');
  if (value === '') throw usage('The value is read from the standard input, and nothing came.');
  return value;
}
