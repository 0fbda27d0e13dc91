import { describe, expect, it } from 'vitest';
import { problemHeaders, toProblem } from './problem.ts';
import { RookeryError } from './rookery-error.ts';
import { GrpcStatus, toGrpcStatus, toHttpStatus } from './status.ts';

describe('problem details', () => {
  it('say what an error of ours says', () => {
    const error = new RookeryError('FILM_UNKNOWN', 'No film has the id 7.', { status: 404, details: { filmId: '7' } });
    expect(toProblem(error, 'abc')).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'No film has the id 7.',
      code: 'FILM_UNKNOWN',
      traceId: 'abc',
      filmId: '7',
    });
  });

  it.each([new TypeError('swordfish'), 'swordfish', { message: 'swordfish' }, undefined])(
    'say nothing of the inside of anything else',
    (error) => {
      const problem = toProblem(error);
      expect(problem).toMatchObject({ status: 500, code: 'INTERNAL' });
      expect(JSON.stringify(problem)).not.toMatch('swordfish');
    },
  );

  it('let no detail replace a standard member', () => {
    const error = new RookeryError('CLOSED', 'Closed.', {
      status: 503,
      details: { status: 200, code: 'OK', type: 'x' },
    });
    expect(toProblem(error)).toMatchObject({ status: 503, code: 'CLOSED', type: 'about:blank' });
  });

  it('say when to come again, in whole seconds, rounded up', () => {
    const after = (retryAfterMs?: number) =>
      problemHeaders(new RookeryError('BUSY', 'Busy.', retryAfterMs === undefined ? {} : { retryAfterMs }))[
        'retry-after'
      ];
    expect([after(), after(0), after(1), after(1_000), after(1_001)]).toEqual([undefined, '0', '1', '1', '2']);
    expect(problemHeaders('anything')).toEqual({ 'content-type': 'application/problem+json' });
  });
});

describe('the table of statuses', () => {
  it.each([400, 401, 403, 404, 409, 412, 413, 429, 499, 500, 501, 503, 504])(
    '%i comes back as itself over gRPC',
    (status) => {
      expect(toHttpStatus(toGrpcStatus(status))).toBe(
        status === 412 ? toHttpStatus(GrpcStatus.FAILED_PRECONDITION) : status,
      );
    },
  );

  it('has an answer for each gRPC status, and 500 / INTERNAL for what it does not know', () => {
    for (const status of Object.values(GrpcStatus)) expect(toHttpStatus(status)).toBeGreaterThanOrEqual(200);
    expect([toGrpcStatus(418), toHttpStatus(99)]).toEqual([GrpcStatus.INTERNAL, 500]);
  });
});
