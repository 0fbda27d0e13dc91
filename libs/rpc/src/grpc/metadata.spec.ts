import { inject, runWithRequest, startTracing } from '@rookery/observability';
import { expect, it } from 'vitest';
import { contextMetadata } from './metadata.ts';

startTracing();

it('the token of the caller goes on with a call, and with nothing else that carries the context', () => {
  runWithRequest({ accessToken: 'abc', principal: { subject: 'ada', roles: [], permissions: [] } }, () => {
    expect(contextMetadata().get('authorization')).toEqual(['Bearer abc']);
    expect(JSON.stringify(contextMetadata().getMap())).not.toContain('ada');
    expect(JSON.stringify(inject({}))).not.toContain('abc');
  });
  expect(contextMetadata().get('authorization')).toEqual([]);
});
