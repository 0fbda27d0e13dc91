import type { DeadLetter, Message } from '../../messaging.ts';
import { type Boss, deadQueue } from './boss.ts';

interface Row {
  data: Message;
  source_output: { message?: string; value?: { message?: string } } | null;
  source_retry_count: number | null;
  created_on: Date;
}

/** The newest dead letters of a group; they stay where they are. */
export async function listDeadLetters(boss: Boss, group: string, limit: number): Promise<DeadLetter[]> {
  const rows = await boss.query<Row>(
    `select data, source_output, source_retry_count, created_on from pgboss.job
     where name = $1 and state = 'created' order by created_on desc limit $2`,
    [deadQueue(group), limit],
  );
  return rows.map((row) => ({
    ...row.data,
    group,
    reason: row.source_output?.message ?? row.source_output?.value?.message ?? 'unknown',
    attempts: (row.source_retry_count ?? 0) + 1,
    diedAtMs: row.created_on.getTime(),
  }));
}

/** Moves dead letters back into the group's queue, all that died before now or those with the ids. */
export async function replayDeadLetters(boss: Boss, group: string, ids?: readonly string[]): Promise<number> {
  const queue = deadQueue(group);
  if (!(await boss.guard(() => boss.queues.getQueue(queue)))) return 0;
  const before = new Date();
  const chosen = ids && (await jobIds(boss, queue, ids));
  if (chosen?.length === 0) return 0;
  for (let replayed = 0; ; ) {
    const options = { destination: group, createdBefore: before, ...(chosen ? { ids: chosen } : {}) };
    const moved = await boss.guard(() => boss.queues.redrive(queue, options));
    if (moved === 0) return replayed;
    replayed += moved;
  }
}

async function jobIds(boss: Boss, queue: string, ids: readonly string[]): Promise<string[]> {
  const rows = await boss.query<{ id: string }>(
    `select id from pgboss.job where name = $1 and state = 'created' and data->>'id' = any($2)`,
    [queue, ids],
  );
  return rows.map((row) => row.id);
}
