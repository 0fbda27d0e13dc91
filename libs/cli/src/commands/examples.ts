import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 3_000;
const FILMS = '/api/catalog/films?query=star+wars&page=1';

/** Two lines to paste: a search for films, and an order of the first film found. Shows by itself that the way through the gateway is open. */
export async function exampleCalls(
  gateway: string | undefined,
  apps: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<string[]> {
  if (!gateway) return [];
  if (!apps.has('catalog')) return [`curl -s ${gateway}/health/ready`];
  const films = `curl -s '${gateway}${FILMS}'`;
  const filmId = await firstFilm(`${gateway}${FILMS}`, signal);
  if (!apps.has('orders') || !filmId) return [films];
  const body = JSON.stringify({ items: [{ filmId, quantity: 1 }] });
  const bearer = apps.has('auth') ? ` -H "authorization: Bearer $(npx rookery token)"` : '';
  return [films, `curl -si ${gateway}/api/orders${bearer} -H 'content-type: application/json' -d '${body}'`];
}

async function firstFilm(url: string, signal: AbortSignal): Promise<string | undefined> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline && !signal.aborted; await sleep(50)) {
    try {
      const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(1_000)]) });
      if (!response.ok) continue;
      const { items } = (await response.json()) as { items?: { id?: unknown }[] };
      const id = items?.[0]?.id;
      return id === undefined ? undefined : String(id);
    } catch {
      // The gateway may learn of the catalog a moment after it is ready.
    }
  }
  return undefined;
}
