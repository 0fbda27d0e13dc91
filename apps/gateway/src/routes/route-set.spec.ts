import { describe, expect, it } from 'vitest';
import { type Closable, Shared } from '../filters/shared.ts';
import { compile } from '../testing/compile.ts';

/** Things that note that they were closed. */
function things() {
  const closed: string[] = [];
  return { closed, thing: (name: string) => () => ({ name, close: () => void closed.push(name) }) };
}

describe('routes that were replaced', () => {
  it('are let go only when nothing runs on them any more, and once', async () => {
    const routes = compile({ routes: [{ id: 'a', path: '/', service: 'a' }] });
    const gone: string[] = [];
    routes.begin();
    routes.begin();
    routes.retire(async () => void gone.push('gone'));
    routes.end();
    await Promise.resolve();
    expect(gone).toEqual([]);
    routes.end();
    await expect.poll(() => gone).toEqual(['gone']);
  });
});

describe('what filters share', () => {
  it('outlives a change of the routes that still asks for it, and is closed by one that does not', async () => {
    const { closed, thing } = things();
    const shared = new Shared();
    const kept = shared.of('kept', thing('kept'));
    shared.of('dropped', thing('dropped'));
    await shared.commit()();
    expect(shared.of('kept', thing('again'))).toBe(kept);
    shared.of('new', thing('new'));
    await shared.commit()();
    expect(closed).toEqual(['dropped']);
    await shared.close();
    expect(closed).toEqual(['dropped', 'kept', 'new']);
  });

  it('outlives a change that uses the filters again that had asked for it', async () => {
    const { closed, thing } = things();
    const shared = new Shared();
    const asked: Closable[] = [];
    shared.notedIn(asked).of('kept', thing('kept'));
    shared.of('dropped', thing('dropped'));
    await shared.commit()();
    shared.keep(asked);
    await shared.commit()();
    expect(closed).toEqual(['dropped']);
  });

  it('of a change that is refused is closed where it is new, and stays where it is in force', async () => {
    const { closed, thing } = things();
    const shared = new Shared();
    const kept = shared.of('kept', thing('kept'));
    await shared.commit()();
    shared.of('kept', thing('again'));
    shared.of('new', thing('new'));
    await shared.abandon();
    expect(closed).toEqual(['new']);
    expect(shared.of('kept', thing('again'))).toBe(kept);
  });
});
