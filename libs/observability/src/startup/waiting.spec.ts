import { expect, it } from 'vitest';
import { onWaiting, reportWaiting, type Waiting } from './waiting.ts';

it('tells every listener what a start waits for, until it stops listening', () => {
  const heard: Waiting[] = [];
  reportWaiting('database', 'nobody hears this');
  const stop = onWaiting((report) => heard.push(report));
  reportWaiting('database', 'connection refused');
  stop();
  reportWaiting('database', 'nobody hears this either');
  expect(heard).toEqual([{ for: 'database', reason: 'connection refused' }]);
});
