import { expect, test } from 'vitest';
import { isSource } from './dev.ts';

test.each(['main.ts', 'order.proto', 'page.html', 'films.json', 'a.b.ts'])('%s is a source', (name) => {
  expect(isSource(`/w/apps/x/src/${name}`)).toBe(true);
});

test.each(['main.spec.ts', '.main.ts.swp', 'main.ts~', 'sedkuXhWG', '4913', '.#main.ts', 'main.ts.tmp', 'main.ts.bak'])(
  '%s is none',
  (name) => {
    expect(isSource(`/w/apps/x/src/${name}`)).toBe(false);
  },
);
