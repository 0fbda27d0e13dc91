import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuarded } from './guarded-server.ts';
import { findProgram } from './programs.ts';
import type { OwnServer } from './server.ts';

const LUA_MODULE = '/usr/lib/nginx/modules/ngx_http_lua_module.so';
const LUA_LIBRARIES = ['/usr/share/lua/5.1/nginx/redis.lua', '/usr/share/lua/5.1/resty/core.lua'];

/** Whether nginx with Lua, and what its scripts load, are installed as Debian's packages put them. */
export const hasNginx = (): boolean =>
  findProgram('nginx', '/usr/sbin/nginx') !== undefined &&
  [LUA_MODULE, ...LUA_LIBRARIES].every((path) => existsSync(path));

/** An nginx on this configuration, which listens at `url`; undefined where it or its Lua module is missing. */
export async function startOwnNginx(configuration: string, url: string): Promise<OwnServer | undefined> {
  const program = findProgram('nginx', '/usr/sbin/nginx');
  if (!program || !hasNginx()) return undefined;
  const home = mkdtempSync(join(tmpdir(), 'rookery-nginx-'));
  const log = join(home, 'log');
  const args = ['-p', home, '-c', configuration, '-e', 'stderr', '-g', 'daemon off;'];
  const ready = async () => {
    await fetch(new URL('/nginx/live', url), { signal: AbortSignal.timeout(1_000) });
  };
  return startGuarded({ name: 'nginx', url, command: program, args, log, home, ready });
}
