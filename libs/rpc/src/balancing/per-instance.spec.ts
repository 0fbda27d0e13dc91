import type { Instance } from '@rookery/discovery';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PerInstance } from './per-instance.ts';

const instance = (id: number): Instance => ({
  id: `i${id}`,
  service: 'films',
  address: '127.0.0.1',
  port: 1_000 + id,
  weight: 1,
  metadata: {},
});

const step = fc.oneof(
  fc.record({ do: fc.constant('lend' as const), id: fc.nat(4) }),
  fc.record({ do: fc.constant('give' as const), id: fc.nat(20) }),
  fc.record({ do: fc.constant('keep' as const), ids: fc.uniqueArray(fc.nat(4)) }),
);

it('holds no connection that nobody uses to an instance that has left, and closes none under a call', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const open = new Set<object>();
      const lent: { connection: object; giveBack(): void }[] = [];
      const connections = new PerInstance<object>(
        (of) => {
          const connection = { of: of.id };
          open.add(connection);
          return connection;
        },
        (connection) => {
          expect(open.delete(connection)).toBe(true);
          expect(lent.some((one) => one.connection === connection)).toBe(false);
        },
      );
      for (const one of steps) {
        if (one.do === 'lend') lent.push(connections.lend(instance(one.id)));
        else if (one.do === 'keep') connections.keepOnly(one.ids.map(instance));
        else lent.splice(one.id % Math.max(1, lent.length), 1)[0]?.giveBack();
        expect(connections.size).toBe(open.size);
      }
      for (const one of lent.splice(0)) one.giveBack();
      connections.keepOnly([]);
      expect(open.size).toBe(0);
    }),
  );
});
