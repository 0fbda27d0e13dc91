/** A signing key as the plan sees it. */
export interface PlannedKey {
  kid: string;
  createdAtMs: number;
}

/** A key signs for so long. */
export const ROTATE_AFTER_MS = 30 * 86_400_000;
/** A new key is published so long before it signs, so that every replica and every verifier has seen it. */
export const PUBLISHED_AHEAD_MS = 120_000;
/** A key is published so long after another has taken over: longer than any token it has signed. */
export const KEPT_AFTER_MS = 86_400_000;

/** Whether another key has to be made: there is none, or the newest has signed long enough. */
export function isKeyDue(keys: readonly PlannedKey[], nowMs: number): boolean {
  return keys.every(({ createdAtMs }) => nowMs - createdAtMs >= ROTATE_AFTER_MS);
}

/** The keys to publish, the one that signs first: the newest that was published ahead, or the oldest when none was. */
export function publishedKeys<Key extends PlannedKey>(keys: readonly Key[], nowMs: number): Key[] {
  const newestFirst = [...keys].sort((a, b) => b.createdAtMs - a.createdAtMs || (a.kid < b.kid ? -1 : 1));
  const signing =
    newestFirst.find(({ createdAtMs }) => nowMs - createdAtMs >= PUBLISHED_AHEAD_MS) ?? newestFirst.at(-1);
  if (!signing) return [];
  const successor = (key: Key) => newestFirst[newestFirst.indexOf(key) - 1];
  const others = newestFirst.filter((key) => {
    if (key === signing) return false;
    const next = successor(key);
    return !next || nowMs - next.createdAtMs < PUBLISHED_AHEAD_MS + KEPT_AFTER_MS;
  });
  return [signing, ...others];
}
