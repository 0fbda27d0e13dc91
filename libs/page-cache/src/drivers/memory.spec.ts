import { expect, it } from 'vitest';
import { createPageCache } from '../create-page-cache.ts';
import { pageCacheContract } from '../testing/contract.ts';

pageCacheContract('this process', { url: undefined, shared: false });

it('holds no more than its limit: the least recently used leave first', async () => {
  const cache = await createPageCache('', { maxEntries: 2 });
  for (const key of ['a', 'b']) await cache.putIfNewer(key, { version: 1, value: key });
  await cache.get('a');
  await cache.putIfNewer('c', { version: 1, value: 'c' });
  expect(await Promise.all(['a', 'b', 'c'].map((key) => cache.get(key)))).toMatchObject([
    { value: 'a' },
    undefined,
    { value: 'c' },
  ]);
});
