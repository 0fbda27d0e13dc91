import { join } from 'node:path';
import type { World } from '../model.ts';
import type { Ports } from './ports.ts';
import type { Secrets } from './secrets.ts';

export interface NativeFacts {
  /** Absolute ROOKERY_HOME of the stack. */
  home: string;
  ports: Ports;
  secrets: Secrets;
  scrapeInterval: string;
  environment: NodeJS.ProcessEnv;
}

/** The stack on this machine's loopback address, from installed programs. */
export function nativeWorld({ home, ports, secrets, scrapeInterval, environment }: NativeFacts): World {
  const port = (part: string, name = 'main') => {
    const number = ports.get(`${part}/${name}`);
    if (number === undefined) throw new Error(`${part} has no port "${name}" in this stack.`);
    return number;
  };
  const world: World = {
    listen: '127.0.0.1',
    scrapeInterval,
    port,
    at: (part, name) => `127.0.0.1:${port(part, name)}`,
    secret: (name) => secrets.get(name),
    setting: (name, fallback) => environment[name] || fallback,
    issuer: () => ({}),
    clients: () => ({}),
    targets: () => ({
      file_sd_configs: [{ files: [world.file('prometheus', 'targets.json')], refresh_interval: scrapeInterval }],
    }),
    shared: (folder) => join(home, folder),
    data: (engine) => join(home, 'engines', engine),
    file: (engine, name) => join(home, 'engines', `${engine}-${name}`),
  };
  return world;
}
