import { expect, test } from 'vitest';
import { closingTable } from './closing-table.ts';

const skipped = [
  { suite: 'libs/messaging/src/drivers/rabbitmq.spec.ts', test: 'RabbitMQ > delivers' },
  { suite: 'libs/messaging/src/drivers/rabbitmq.spec.ts', test: 'RabbitMQ > replays' },
];

test('a skipped test is listed by name under its suite, and the last line counts', () => {
  const lines = closingTable({ passed: 3, failed: 1, skipped, lacking: [] }, { required: false }).split('\n');
  expect(lines.slice(1)).toEqual([
    '  libs/messaging/src/drivers/rabbitmq.spec.ts',
    '    RabbitMQ > delivers',
    '    RabbitMQ > replays',
    '3 passed, 1 failed, 2 skipped',
  ]);
});

test('where everything is required, a skip counts as a failure', () => {
  expect(closingTable({ passed: 3, failed: 0, skipped, lacking: [] }, { required: true })).toMatch(
    /3 passed, 2 failed, 0 skipped$/,
  );
});

test('nothing skipped, nothing but the counts', () => {
  expect(closingTable({ passed: 3, failed: 0, skipped: [], lacking: [] }, { required: true })).toBe(
    '3 passed, 0 failed, 0 skipped',
  );
});

test('what an engine cannot do is listed, and counts as nothing', () => {
  const lacking = [{ suite: 'libs/discovery/src/drivers/kubernetes.spec.ts', test: 'registers (cannot: register)' }];
  expect(closingTable({ passed: 3, failed: 0, skipped: [], lacking }, { required: true }).split('\n')).toEqual([
    'Not asked of an engine that cannot do it:',
    '  libs/discovery/src/drivers/kubernetes.spec.ts',
    '    registers (cannot: register)',
    '3 passed, 0 failed, 0 skipped',
  ]);
});
