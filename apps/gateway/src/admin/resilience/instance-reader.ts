import type { Instance } from '@rookery/discovery';
import { Agent } from 'undici';
import { z } from 'zod';
import { hostInUrl } from '../../host-in-url.ts';
import { SeenResource } from './resource-row.ts';

/** What an instance answered, or why it did not. */
export type Reading =
  | { readonly state: 'ok'; readonly resources: readonly SeenResource[] }
  | { readonly state: 'none' }
  | { readonly state: 'unreachable' | 'unreadable'; readonly reason: string };

const DEADLINE_MS = 1_000;
const MAX_BYTES = 4 * 1_048_576;
const AT_ONCE = 8;

const Answer = z.object({ resources: z.array(SeenResource).max(5_000) });

/** Asks instances for their resources: a few at a time, each within a deadline and a size. */
export class InstanceReader {
  readonly #agent = new Agent({ connections: 1, connectTimeout: DEADLINE_MS, keepAliveTimeout: 4_000 });

  async readAll(instances: readonly Instance[]): Promise<Map<Instance, Reading>> {
    const readings = new Map<Instance, Reading>();
    const waiting = instances.values();
    const work = async () => {
      for (const instance of waiting) readings.set(instance, await this.#read(instance));
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, instances.length) }, work));
    return readings;
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #read({ address, port }: Instance): Promise<Reading> {
    const host = hostInUrl(address);
    try {
      const { statusCode, body } = await this.#agent.request({
        origin: `http://${host}:${port}`,
        path: '/resilience',
        method: 'GET',
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      const text = await readText(body);
      if (statusCode === 404) return { state: 'none' };
      if (text === undefined) return { state: 'unreadable', reason: `more than ${MAX_BYTES} bytes` };
      if (statusCode !== 200) return { state: 'unreachable', reason: `it answered ${statusCode}` };
      const answer = Answer.safeParse(parsed(text));
      if (answer.success) return { state: 'ok', resources: answer.data.resources };
      return { state: 'unreadable', reason: answer.error.issues[0]?.path.join('.') ?? 'not resources' };
    } catch (error) {
      return { state: 'unreachable', reason: (error as Error).message };
    }
  }
}

/** Undefined for what is too long. */
async function readText(body: AsyncIterable<Buffer>): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early destroys the body, and its connection with it.
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
