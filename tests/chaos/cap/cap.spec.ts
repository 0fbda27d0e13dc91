import { findProgram } from '@rookery/servers';
import { expect, test } from 'vitest';
import { figureLine, isMet } from '../../bench/figures.ts';
import { figuresOf } from '../cap.ts';
import { whyNoNamespaces } from './network.ts';
import { play } from './play.ts';
import { etcd } from './systems.ts';

const title =
  'etcd with its leader cut off: that side refuses, the other goes on, and callers of either see nothing of it';

// A machine where no namespace can be made cannot cut a network; one without etcd could have it.
if (whyNoNamespaces()) test.skip(`${title} (cannot: network-namespaces)`, () => {});
else
  test.skipIf(!findProgram('etcd'))(title, { timeout: 120_000 }, async () => {
    const figures = figuresOf(await play(etcd, 7_000, 4_000));
    expect(figures.filter((figure) => !isMet(figure)).map(figureLine)).toEqual([]);
  });
