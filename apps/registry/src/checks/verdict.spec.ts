import { expect, it } from 'vitest';
import type { CheckStatus } from '../domain/service-record.ts';
import { NO_STREAK, verdict } from './verdict.ts';

function statuses(found: CheckStatus[], successesBeforePassing: number, failuresBeforeCritical: number) {
  let streak = NO_STREAK;
  return found.map((finding) => {
    const next = verdict(streak, finding, { successesBeforePassing, failuresBeforeCritical });
    streak = next.streak;
    return next.status;
  });
}

it('each finding counts when nothing is said', () => {
  expect(statuses(['passing', 'critical', 'warning'], 0, 0)).toEqual(['passing', 'critical', 'warning']);
});

it('so many in a row are needed as are asked for, and one of the other kind begins anew', () => {
  const found: CheckStatus[] = ['passing', 'passing', 'critical', 'passing', 'critical', 'critical', 'critical'];
  expect(statuses(found, 2, 3)).toEqual([undefined, 'passing', undefined, undefined, undefined, undefined, 'critical']);
});
