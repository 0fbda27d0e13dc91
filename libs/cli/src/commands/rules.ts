import type { Instance } from '@rookery/discovery';
import { Failure } from '../failure.ts';
import { homeOf } from '../home/home.ts';
import { readState } from '../home/state-file.ts';
import { renderTable } from '../output/table.ts';

const ANSWER_MS = 5_000;
const MOST = 20;

/** As a service answers `/resilience?resource=`. */
interface Decided {
  atMs: number;
  decision: string;
  rule?: string;
  kind?: string;
  reason: string;
}

/** Which rule decided the last calls of a resource, and why, at each instance that knows it. */
export async function explainResource(
  root: string,
  environment: NodeJS.ProcessEnv,
  resource: string,
  service?: string,
): Promise<string> {
  const instances = await instancesOf(root, environment, service);
  const answers = await Promise.all(
    instances.map(async (instance) => ({ instance, decisions: await ask(instance, resource) })),
  );
  const known = answers.flatMap(({ instance, decisions }) => (decisions ? [{ instance, decisions }] : []));
  if (known.length === 0) {
    const who = service === undefined ? 'No service knows a' : `${service} knows no`;
    throw new Failure(`${who} resource ${resource}: nobody has called it and no rule names it.`);
  }
  return known.map(({ instance, decisions }) => `${instance.id}\n${tableOf(decisions)}`).join('\n\n');
}

function tableOf(decisions: readonly Decided[]): string {
  if (decisions.length === 0) return 'Nobody has called it yet.';
  const rows = decisions
    .slice(0, MOST)
    .map(({ atMs, decision, rule, kind, reason }) => [
      new Date(atMs).toISOString().slice(11, 23),
      decision,
      rule ?? '',
      kind ?? '',
      reason,
    ]);
  return renderTable(['TIME (UTC)', 'CALL', 'RULE', 'KIND', 'WHY'], rows, { flexible: 4 });
}

async function instancesOf(root: string, environment: NodeJS.ProcessEnv, service?: string): Promise<Instance[]> {
  const home = homeOf(root, environment);
  const url = environment.DISCOVERY_URL ?? readState(home)?.variables.DISCOVERY_URL;
  if (!url) throw new Failure(`No platform runs in ${home}; start one with npm start, or set DISCOVERY_URL.`);
  const { createRegistry } = await import('@rookery/discovery');
  const registry = await createRegistry(url);
  try {
    const services = service === undefined ? (await registry.services()).sort() : [service];
    const found = (await Promise.all(services.map((each) => registry.instances(each)))).flat();
    if (found.length === 0)
      throw new Failure(`The registry knows no healthy instance${service ? ` of ${service}` : ''}.`);
    return found;
  } finally {
    await registry.close();
  }
}

/** Undefined where the instance does not know the resource, or has no resources at all. */
async function ask({ address, port }: Instance, resource: string): Promise<Decided[] | undefined> {
  const host = address.includes(':') ? `[${address}]` : address;
  try {
    const answer = await fetch(`http://${host}:${port}/resilience?resource=${encodeURIComponent(resource)}`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return answer.ok ? ((await answer.json()) as { decisions: Decided[] }).decisions : undefined;
  } catch {
    return undefined;
  }
}
