import { PassThrough, Transform } from 'node:stream';
import { RookeryError } from '@rookery/observability';
import { describe, expect, it } from 'vitest';
import { Chain, type PassingCall } from './chain.ts';
import type { Filter, Verdict } from './filter.ts';

const refusal = new RookeryError('NO', 'no', { status: 403 });
const callOf = (over = () => false) =>
  ({
    reached: -1,
    get isOver() {
      return over();
    },
  }) as PassingCall;

/** Filters that note what they are asked; `verdicts` by place. */
function noting(count: number, verdicts: Record<number, Verdict | Promise<Verdict>> = {}) {
  const asked: string[] = [];
  const filters = Array.from(
    { length: count },
    (_, at): Filter => ({
      name: `f${at}`,
      onRequest() {
        asked.push(`request ${at}`);
        return verdicts[at];
      },
      onResponse: () => void asked.push(`response ${at}`),
      onEnd: () => void asked.push(`end ${at}`),
      responseBody: () => {
        asked.push(`body ${at}`);
        return new PassThrough();
      },
    }),
  );
  return { chain: new Chain({ filters }), asked };
}

describe('a chain of filters', () => {
  it('goes in in order and comes out in reverse, and waits for nothing where no filter does', () => {
    const { chain, asked } = noting(2);
    const call = callOf();
    expect(chain.request(call)).toBeUndefined();
    chain.response(call);
    expect(chain.responseBody(call)).toHaveLength(2);
    chain.end(call);
    expect(asked.join(', ')).toBe('request 0, request 1, response 1, response 0, body 1, body 0, end 1, end 0');
  });

  it.each<[string, Verdict]>([
    ['refuses', refusal],
    ['answers', 'answered'],
  ])('ends where a filter %s: those behind it see nothing of the call', (_name, verdict) => {
    const { chain, asked } = noting(3, { 1: verdict });
    const call = callOf();
    expect(chain.request(call)).toBe(verdict);
    expect(chain.nameAt(call.reached)).toBe('f1');
    chain.response(call);
    chain.end(call);
    expect(asked).toEqual(['request 0', 'request 1', 'response 1', 'response 0', 'end 1', 'end 0']);
  });

  it('goes on after a filter that waited', async () => {
    const { chain, asked } = noting(3, { 0: Promise.resolve(undefined), 1: Promise.resolve(undefined) });
    expect(await chain.request(callOf())).toBeUndefined();
    expect(asked).toEqual(['request 0', 'request 1', 'request 2']);
  });

  it('but not where the client left meanwhile', async () => {
    const { chain, asked } = noting(2, { 0: Promise.resolve(undefined) });
    await chain.request(callOf(() => true));
    expect(asked).toEqual(['request 0']);
  });

  it('ends each filter though one of them throws', async () => {
    const ended: string[] = [];
    const filters: Filter[] = ['a', 'b'].map((name) => ({
      name,
      onEnd: () => {
        ended.push(name);
        throw new Error(name);
      },
      close: () => {
        throw new Error(name);
      },
    }));
    const chain = new Chain({ filters });
    const call = callOf();
    chain.request(call);
    chain.end(call);
    expect(ended).toEqual(['b', 'a']);
    await expect(chain.close()).resolves.toBeUndefined();
  });

  it('a transform sees what the one before made', async () => {
    const append = (text: string) =>
      new Transform({ transform: (chunk, _encoding, done) => done(null, `${chunk}${text}`) });
    const chain = new Chain({
      filters: [
        { name: 'a', requestBody: () => append('a') },
        { name: 'b' },
        { name: 'c', requestBody: () => append('c') },
      ],
    });
    expect(chain.transformsRequests).toBe(true);
    const [first, second] = chain.requestBody(callOf());
    first?.pipe(second as Transform);
    first?.end('x');
    expect(String(await second?.toArray())).toBe('xac');
  });
});
