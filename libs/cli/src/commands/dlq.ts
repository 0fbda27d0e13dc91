import { Failure } from '../failure.ts';
import { homeOf } from '../home/home.ts';
import { readSecrets } from '../home/state-file.ts';
import { renderTable } from '../output/table.ts';

const MOST = 100;
const PATIENCE_MS = 5_000;

/** A table of the newest dead letters of a service. */
export async function listDeadLetters(root: string, environment: NodeJS.ProcessEnv, service: string): Promise<string> {
  const letters = await withMessaging(root, environment, (messaging) => messaging.deadLetters(service, MOST));
  if (letters.length === 0) return `${service} has no dead letters.`;
  const rows = letters.map(({ id, topic, attempts, diedAtMs, reason }) => [
    id,
    topic,
    String(attempts),
    new Date(diedAtMs).toISOString().slice(5, 16).replace('T', ' '),
    reason,
  ]);
  // Ids are there to be copied: they stand whole, each above the facts of its letter.
  return rows
    .map(
      ([id = '', ...facts]) =>
        `${id}\n${renderTable(['TOPIC', 'TRIES', 'DIED (UTC)', 'REASON'], [facts], { flexible: 3 })}`,
    )
    .join('\n\n');
}

/** Puts dead letters back; says how many. */
export async function replayDeadLetters(
  root: string,
  environment: NodeJS.ProcessEnv,
  service: string,
  ids: readonly string[],
): Promise<string> {
  const count = await withMessaging(root, environment, (messaging) =>
    messaging.replay(service, ids.length > 0 ? ids : undefined),
  );
  return `${count} ${count === 1 ? 'message' : 'messages'} put back into the queue of ${service}.`;
}

async function withMessaging<T>(
  root: string,
  environment: NodeJS.ProcessEnv,
  work: (messaging: import('@rookery/messaging').Messaging) => Promise<T>,
): Promise<T> {
  const home = homeOf(root, environment);
  const url = environment.MESSAGING_URL ?? readSecrets(home).MESSAGING_URL;
  if (!url) throw new Failure(`No platform runs in ${home}; start one with npm start, or set MESSAGING_URL.`);
  const { createMessaging } = await import('@rookery/messaging');
  const messaging = await createMessaging(url, { waitMs: PATIENCE_MS });
  try {
    return await work(messaging);
  } finally {
    await messaging.close();
  }
}
