import type { ChildProcess } from 'node:child_process';
import { message, PROXY_CORE, type Processes } from './processes.ts';

export interface StartedGateway {
  child: ChildProcess;
  port: number;
}

/** The built gateway, in front of these instances of the service `catalog`. */
export async function startGateway(
  processes: Processes,
  instancePorts: readonly number[],
  { settings, log }: { settings?: string; log?: string } = {},
): Promise<StartedGateway> {
  const instances = instancePorts.map((port) => `catalog=127.0.0.1:${port}`).join(',');
  const env = {
    DISCOVERY_URL: `static:${instances}`,
    HOST: '127.0.0.1',
    PORT: '0',
    GATEWAY_ADMIN_PORT: '0',
    ...(settings === undefined ? {} : { GATEWAY_SETTINGS: settings }),
  };
  const child = processes.fork('apps/gateway/dist/main.js', PROXY_CORE, [], env, log);
  const ready = await message<{ type: string; urls: { http: string } }>(child, ({ type }) => type === 'ready');
  return { child, port: Number(new URL(ready.urls.http).port) };
}
