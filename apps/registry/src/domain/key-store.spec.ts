import { expect, it } from 'vitest';
import { ChangeIndex } from './change-index.ts';
import { KeyStore } from './key-store.ts';

const store = () =>
  new KeyStore(new ChangeIndex(), { now: () => 0, mark: () => {}, sessionExists: () => true, maxBytes: 1_000 });

it('holds so many bytes of keys and values, and has room again for what is made smaller or removed', () => {
  const keys = store();
  const put = (key: string, bytes: number) => keys.put(key, Buffer.alloc(bytes));
  put('a', 300);
  put('b', 300);
  expect(() => put('c', 300)).toThrow(expect.objectContaining({ status: 500 }));
  expect(() => put('a', 500)).toThrow('more than 1000 bytes');
  expect(keys.get('a')?.value).toHaveLength(400);
  put('a', 30);
  put('c', 300);
  for (let round = 0; round < 10; round++) put('c', 300 - round);
  keys.deleteUnder('');
  put('d', 700);
  const restarted = store();
  restarted.restore(keys.save());
  expect(() => restarted.put('e', Buffer.alloc(300))).toThrow('more than 1000 bytes');
});
