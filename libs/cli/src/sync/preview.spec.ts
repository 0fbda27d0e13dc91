import { createRegistry } from '@rookery/discovery';
import { expect, it } from 'vitest';
import { preview } from './preview.ts';

it('says of each instance whether it would be mirrored, and why not', async () => {
  const [from, to] = [
    await createRegistry(
      'static:catalog=10.0.0.1:3000+4000,orders=10.0.0.2:3000,orders=[fd00::2]:3000,other=10.0.0.9:1',
    ),
    await createRegistry('static:orders=10.0.0.2:3000'),
  ];
  const table = await preview([{ name: 'static', from, to }], (service) => service !== 'other');
  const words = table.split('\n').map((line) => line.split(/\s{2,}/).filter(Boolean));
  expect(words.slice(0, 4)).toEqual([
    ['FROM', 'SERVICE', 'INSTANCE', 'ADDRESS', 'WHAT'],
    ['static', 'catalog', 'catalog@10.0.0.1:3000', '10.0.0.1:3000+4000', 'mirror'],
    ['static', 'orders', 'orders@10.0.0.2:3000', '10.0.0.2:3000', 'there already'],
    ['static', 'orders', 'orders@[fd00::2]:3000', '[fd00::2]:3000', 'mirror'],
  ]);
  expect(table).toMatch(/2 of 3 would be mirrored\.$/);
  expect(await preview([{ name: 'static', from: to, to: from }], () => false)).toBe('There is nothing to mirror.');
});
