import { expect, it } from 'vitest';
import { Gate } from './gate.ts';

it('lets no more than its width through at once, and everyone in the end', async () => {
  const gate = new Gate(2);
  let inside = 0;
  let most = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 9 }, (_, index) =>
      gate.run(async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
        if (index === 3) throw new Error('one fails');
        return index;
      }),
    ),
  );
  expect(most).toBe(2);
  expect(results.map(({ status }) => status).filter((status) => status === 'rejected')).toHaveLength(1);
});
