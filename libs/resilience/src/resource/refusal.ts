import { RookeryError } from '@rookery/observability';
import type { RuleKind } from '../rules/rule.ts';
import type { PostedRule } from './posted-rule.ts';

const REFUSALS: Record<RuleKind, { code: string; status: number; says: string }> = {
  authority: { code: 'ORIGIN_FORBIDDEN', status: 403, says: 'may not be called by this caller' },
  system: { code: 'SYSTEM_OVERLOADED', status: 503, says: 'takes no more calls: the service is at its limit' },
  'hot-parameter': { code: 'PARAMETER_LIMITED', status: 429, says: 'was called too often with this value' },
  flow: { code: 'FLOW_LIMITED', status: 429, says: 'was called too often' },
  'cluster-flow': { code: 'FLOW_LIMITED', status: 429, says: 'was called too often' },
  degrade: { code: 'RESOURCE_DEGRADED', status: 503, says: 'was slow or failed too often and is left alone for now' },
};

/** What a caller is told whom a rule refused. */
export function refusal(resource: string, { id, rule, checker }: PostedRule, nowMs: number): RookeryError {
  const { code, status, says } = REFUSALS[rule.kind];
  const retryAfterMs = checker.retryAfterMs(nowMs);
  return new RookeryError(code, `${resource} ${says}.`, {
    status,
    details: { resource, rule: id },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}
