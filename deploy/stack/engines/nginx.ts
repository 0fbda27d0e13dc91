import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Engine, World } from '../model.ts';
import { findProgram } from '../native/programs.ts';

const RENDER = resolve(import.meta.dirname, '../../nginx/render');
const LUA = ['/usr/lib/nginx/modules/ngx_http_lua_module.so', '/usr/share/lua/5.1/nginx/redis.lua'];

/** The variables of deploy/nginx/render. */
const variables = (world: World) => ({
  NGINX_LISTEN: `${world.listen}:${world.port('nginx')}`,
  PAGES_SCHEME: world.setting('PAGES_SCHEME', 'cache'),
  PAGES_UPSTREAM: world.at('pages'),
  PAGES_FOLDER: world.shared('pages'),
  GATEWAY_UPSTREAM: world.at('gateway'),
  CACHE_URL: `redis://default:${world.secret('REDIS_PASSWORD')}@${world.at('redis')}`,
  NGINX_WORKERS: world.setting('NGINX_WORKERS', '2'),
});

/** nginx with Lua: pages from files or from Redis; everything that is no page goes to the gateway. */
export const nginx: Engine = {
  name: 'nginx',
  purpose: 'Pages from files or cache; the rest from the gateway',
  ports: { main: 8088 },
  portVariable: 'NGINX_PORT',
  needs: ['redis', 'pages', 'gateway'],
  container: {
    image: 'rookery/nginx',
    build: (world) => ({
      dockerfile: 'deploy/nginx/Dockerfile',
      args: { BASE: world.setting('NGINX_BASE', 'debian:bookworm-slim') },
    }),
    memory: '256m',
    readOnly: true,
    // Requests that run are answered first.
    stop: 'SIGQUIT',
    environment: variables,
    health: ['CMD', '/nginx/healthcheck'],
    reads: ['pages'],
    published: { variable: 'NGINX_PORT', port: 8088 },
  },
  native: {
    program: () => (LUA.every(existsSync) ? findProgram('nginx', '/usr/sbin/nginx') : undefined),
    install: 'install nginx, libnginx-mod-http-lua and lua-nginx-redis (tests/servers/install does)',
    command(world, program) {
      const folder = world.data('nginx');
      const { status, stderr } = spawnSync(RENDER, [folder], {
        encoding: 'utf8',
        // Workers of another user could not read this repository wherever it lies.
        env: {
          PATH: process.env.PATH,
          NGINX_USER: process.getuid?.() === 0 ? 'root' : 'www-data',
          ...variables(world),
        },
      });
      if (status !== 0) throw new Error(`nginx could not be configured: ${stderr.trim()}`);
      const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr', '-g', 'daemon off;'];
      return { program, args, stop: 'SIGQUIT' };
    },
    async ready(world) {
      const response = await fetch(`http://${world.at('nginx')}/nginx/live`, { signal: AbortSignal.timeout(1_000) });
      if (!response.ok) throw new Error(`status ${response.status}`);
    },
  },
};
