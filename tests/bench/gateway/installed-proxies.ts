import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findProgram, freePorts } from '@rookery/servers';
import { PROXY_CORE, type Processes } from './processes.ts';

interface InstalledProxy {
  name: string;
  paths: string[];
  file: string;
  args: (file: string, home: string) => string[];
  configuration: (port: number, upstreamPort: number) => string;
}

const START_MS = 10_000;

/** On one core and without an access log, as plain as the bare route. */
const PROXIES: readonly InstalledProxy[] = [
  {
    name: 'nginx',
    paths: ['nginx', '/usr/sbin/nginx'],
    file: 'nginx.conf',
    args: (file, home) => ['-p', home, '-c', file, '-e', 'stderr'],
    configuration: (port, upstreamPort) => `
daemon off;
master_process off;
pid nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  upstream catalog { server 127.0.0.1:${upstreamPort}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://catalog; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`,
  },
  {
    name: 'HAProxy',
    paths: ['haproxy', '/usr/sbin/haproxy'],
    file: 'haproxy.cfg',
    args: (file) => ['-db', '-f', file],
    configuration: (port, upstreamPort) => `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  default_backend catalog
backend catalog
  server one 127.0.0.1:${upstreamPort}
`,
  },
  {
    name: 'Caddy',
    paths: ['caddy'],
    file: 'Caddyfile',
    args: (file) => ['run', '--config', file, '--adapter', 'caddyfile'],
    configuration: (port, upstreamPort) => `
{
  admin off
  auto_https off
}
http://127.0.0.1:${port}, http://bench:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstreamPort} {
    transport http {
      keepalive_idle_conns_per_host 128
    }
  }
}
`,
  },
];

export interface StartedProxy {
  name: string;
  child: ChildProcess;
  port: number;
}

/** nginx, HAProxy and Caddy where they are installed; the names of those that are not. */
export async function startInstalled(
  processes: Processes,
  upstreamPort: number,
): Promise<{ started: StartedProxy[]; absent: string[] }> {
  const started: StartedProxy[] = [];
  const absent: string[] = [];
  for (const { name, paths, file, args, configuration } of PROXIES) {
    const program = findProgram(...paths);
    if (!program) {
      absent.push(name);
      continue;
    }
    const [port] = (await freePorts(1)) as [number];
    const path = join(processes.home, file);
    writeFileSync(path, configuration(port, upstreamPort));
    const { home } = processes;
    const env = { HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home, GOMAXPROCS: '1' };
    const child = processes.spawn(program, args(path, home), PROXY_CORE, env);
    await listens(name, port);
    started.push({ name, child, port });
  }
  return { started, absent };
}

async function listens(name: string, port: number): Promise<void> {
  for (const endMs = Date.now() + START_MS; ; await pause(20)) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket = connect({ port, host: '127.0.0.1' }, () => resolve(true));
    socket.once('error', () => resolve(false));
    const isThere = await promise;
    socket.destroy();
    if (isThere) return;
    if (Date.now() > endMs) throw new Error(`${name} did not listen within ${START_MS} ms`);
  }
}
