import { renameSync, writeFileSync } from 'node:fs';
import type { World } from '../model.ts';

const EVERY_MS = 1_000;

/**
 * Debian builds its Prometheus without Consul's discovery: here the stack asks Consul in its place, and writes what it
 * answers into the file that Prometheus watches.
 */
export function writeTargets(world: World): { close(): void } {
  const file = world.file('prometheus', 'targets.json');
  let written = '';
  const write = async () => {
    const response = await fetch(`http://${world.at('consul')}/v1/agent/services`, {
      signal: AbortSignal.timeout(EVERY_MS),
    });
    const services = (await response.json()) as Record<string, AgentService>;
    const content = JSON.stringify(
      Object.values(services)
        .filter(({ Service }) => Service !== 'consul')
        .map(target),
      null,
      1,
    );
    if (content === written) return;
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
    written = content;
  };
  // Consul away: the last known targets stay.
  const timer = setInterval(() => write().catch(() => {}), EVERY_MS);
  return { close: () => clearInterval(timer) };
}

interface AgentService {
  ID: string;
  Service: string;
  Address: string;
  Port: number;
  Meta?: Record<string, string>;
}

function target(service: AgentService): object {
  return {
    // Some keep their metrics on a port that their clients do not reach.
    targets: [`${service.Address}:${service.Meta?.['metrics-port'] ?? service.Port}`],
    labels: { service: service.Service, instance: service.ID },
  };
}
