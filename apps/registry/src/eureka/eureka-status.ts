import type { CheckRecord, CheckStatus, ServiceRecord } from '../domain/service-record.ts';

const STATUSES = ['UP', 'DOWN', 'STARTING', 'OUT_OF_SERVICE', 'UNKNOWN'] as const;
export type EurekaStatus = (typeof STATUSES)[number];

/** Key of an operator's override in what the state keeps of Eureka. */
export const OVERRIDE = 'eureka.override';

/** What is none of the five is UNKNOWN, as Eureka reads it. */
export const statusOf = (text: unknown): EurekaStatus =>
  STATUSES.find((status) => status === String(text).toUpperCase()) ?? 'UNKNOWN';

/**
 * Callers are sent to what is UP only. All other states are a warning, which Consul's clients do not call either and
 * which does not remove the instance; the check's output says which state it is.
 */
export const checkStatusOf = (status: EurekaStatus): CheckStatus => (status === 'UP' ? 'passing' : 'warning');

/** What the instance says of itself; of one that another protocol keeps, whether it is well. */
export function ownStatus(checks: readonly CheckRecord[]): EurekaStatus {
  const telling = checks.find(({ status }) => status !== 'passing') ?? checks[0];
  if (!telling) return 'UP';
  if (telling.status === 'critical') return 'DOWN';
  const otherwise = telling.status === 'passing' ? 'UP' : 'DOWN';
  return STATUSES.find((status) => status === telling.output) ?? otherwise;
}

export const overrideOf = ({ foreign }: Pick<ServiceRecord, 'foreign'>): EurekaStatus | undefined =>
  foreign?.[OVERRIDE] === undefined ? undefined : statusOf(foreign[OVERRIDE]);

/** What callers see: an instance that is down or starting stays so whatever the operator says. */
export function shownStatus(own: EurekaStatus, override: EurekaStatus | undefined): EurekaStatus {
  if (own !== 'UP' && own !== 'OUT_OF_SERVICE') return own;
  return override === undefined || override === 'UNKNOWN' ? own : override;
}
