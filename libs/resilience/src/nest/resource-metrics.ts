import type { Metrics } from '@rookery/observability';
import type { Resources } from '../resource/resources.ts';
import { snapshotOf } from '../state/snapshot.ts';

const OPENNESS = { closed: 0, 'half-open': 0.5, open: 1 } as const;

/** Shows the resources in the metrics of the process; they are read when somebody asks for the metrics. */
export function resourceMetrics(metrics: Metrics, resources: Resources): void {
  const calls = {
    name: 'resource_calls_total',
    help: 'Calls of a resource by what became of them; passed ones are counted once more by how they ended',
    labelNames: ['resource', 'outcome'] as const,
  };
  metrics.readFrom('counter', calls, (tell) => {
    for (const { name, totals } of resources.all) {
      for (const [outcome, count] of Object.entries(totals)) tell({ resource: name, outcome }, count);
    }
  });
  const refusals = {
    name: 'resource_rule_refused_total',
    help: 'Calls that a rule refused, or in shadow would have refused',
    labelNames: ['resource', 'rule', 'kind', 'shadow'] as const,
  };
  metrics.readFrom('counter', refusals, (tell) => {
    for (const { name, rules } of resources.all) {
      for (const { id, rule, refused } of rules) {
        if (rule.kind === 'system') continue;
        tell({ resource: name, rule: id, kind: rule.kind, shadow: String(rule.shadow) }, refused);
      }
    }
  });
  const state = { labelNames: ['resource'] as const };
  const running = { ...state, name: 'resource_running', help: 'Calls of a resource that run now' };
  metrics.readFrom('gauge', running, (tell) => {
    for (const resource of resources.all) tell({ resource: resource.name }, resource.running);
  });
  const circuit = { ...state, name: 'resource_circuit_open', help: '0 closed, 0.5 half-open, 1 open' };
  metrics.readFrom('gauge', circuit, (tell) => {
    for (const resource of resources.all) {
      tell({ resource: resource.name }, OPENNESS[snapshotOf(resource, resources.now()).circuit]);
    }
  });
}
