import { RookeryError } from '@rookery/observability';
import { describe, expect, it } from 'vitest';
import { mayRepeat } from './rpc-policy.ts';

const error = (code: string, status: number) => new RookeryError(code, 'x', { status });

describe('another instance is asked', () => {
  it.each([
    ['a request that never left', error('RPC_NOT_SENT', 503), true, true],
    ['a connection that broke', error('RPC_UNAVAILABLE', 503), true, false],
    ['an instance without its database', error('DATABASE_UNREACHABLE', 503), true, false],
    ['an attempt that took too long', error('CALL_TIMEOUT', 504), true, false],
    ['an open breaker', error('CIRCUIT_OPEN', 503), false, false],
    ['nobody there', error('RPC_NO_INSTANCE', 503), false, false],
    ['no answer in time', error('RPC_DEADLINE_EXCEEDED', 504), false, false],
    ['a refusal', error('FILM_UNKNOWN', 404), false, false],
    ['a defect there', error('INTERNAL', 500), false, false],
    ['a defect here', new TypeError('x'), false, false],
  ])('after %s', (_, failure, read, change) => {
    expect([mayRepeat(failure, true), mayRepeat(failure, false)]).toEqual([read, change]);
  });
});
