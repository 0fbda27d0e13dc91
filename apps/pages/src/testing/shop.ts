import type { ChildProcess } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestIssuer } from '@rookery/security/testing';
import { forkSource, freePorts, type OwnServer, type PostgresServer, startOwnNginx } from '@rookery/servers';
import type { ParentMessage } from '@rookery/service';

const ROOT = new URL('../../../../', import.meta.url);

/** The catalog, the pages and an nginx for each scheme before them, as processes of their own. */
export interface Shop {
  /** By what answers: the app itself, nginx on files, nginx on cached data. */
  readonly urls: { app: string; files: string; cache: string };
  readonly messagingUrl: string;
  readonly folder: string;
  change(filmId: string, priceCents: number): Promise<{ version: number }>;
  /** How often nginx asked the service for the data of a page. */
  asked(): Promise<number>;
  /** Kills the pages service. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

interface Running {
  child: ChildProcess;
  urls: { http: string; grpc?: string };
}

export async function startShop(postgres: PostgresServer, redis: OwnServer): Promise<Shop> {
  const home = mkdtempSync(join(tmpdir(), 'rookery-shop-'));
  const stops: (() => unknown)[] = [() => rmSync(home, { recursive: true, force: true })];
  const stop = async () => {
    for (const end of stops.toReversed()) await end();
  };
  const run = async (app: string, env: Record<string, string>): Promise<Running> => {
    const child = forkSource(new URL(`apps/${app}/src/main.ts`, ROOT), { LOG_LEVEL: 'error', PORT: '0', ...env });
    stops.push(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    });
    return { child, urls: await ready(child, app) };
  };
  try {
    const issuer = await startTestIssuer();
    stops.push(() => issuer.close());
    const messagingUrl = await postgres.createDatabase('messaging');
    const catalog = await run('catalog', {
      DATABASE_URL: await postgres.createDatabase('catalog'),
      MESSAGING_URL: messagingUrl,
      DISCOVERY_URL: 'static:',
      AUTH_ISSUER_URL: issuer.issuer,
    });
    const { http, grpc } = catalog.urls;
    const folder = join(home, 'pages');
    const pages = await run('pages', {
      MESSAGING_URL: messagingUrl,
      CACHE_URL: redis.url,
      DISCOVERY_URL: `static:catalog=${new URL(http).host}+${new URL(`http://${grpc}`).port}`,
      PAGES_AHEAD: 'true',
      PAGES_FOLDER: folder,
    });
    const nginx = async (scheme: string, port: number): Promise<string> => {
      const rendered = join(home, scheme);
      const { status, stderr } = spawnSync(fileURLToPath(new URL('deploy/nginx/render', ROOT)), [rendered], {
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          PAGES_SCHEME: scheme,
          PAGES_UPSTREAM: new URL(pages.urls.http).host,
          PAGES_FOLDER: folder,
          CACHE_URL: redis.url,
          NGINX_LISTEN: `127.0.0.1:${port}`,
          NGINX_USER: process.getuid?.() === 0 ? 'root' : 'www-data',
        },
      });
      if (status !== 0) throw new Error(stderr);
      const server = await startOwnNginx(join(rendered, 'nginx.conf'), `http://127.0.0.1:${port}`);
      if (!server) throw new Error('nginx is missing');
      stops.push(() => server.stop());
      return server.url;
    };
    const [filesPort, cachePort] = (await freePorts(2)) as [number, number];
    const [files, cache] = await Promise.all([nginx('files', filesPort), nginx('cache', cachePort)]);
    return {
      urls: { app: pages.urls.http, files, cache },
      messagingUrl,
      folder,
      async change(filmId, priceCents) {
        const response = await fetch(`${http}/api/catalog/films/${filmId}`, {
          method: 'PATCH',
          body: JSON.stringify({ priceCents }),
          headers: { 'content-type': 'application/json', ...issuer.bearer('film:update') },
        });
        if (!response.ok) throw new Error(await response.text());
        return (await response.json()) as { version: number };
      },
      async asked() {
        const metrics = await (await fetch(`${pages.urls.http}/metrics`)).text();
        const counts = metrics.matchAll(/^server_request_duration_seconds_count\{[^}]*page-data[^}]*\} (\d+)/gm);
        return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
      },
      async kill() {
        const ended = once(pages.child, 'exit');
        pages.child.kill('SIGKILL');
        await ended;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The addresses of a service that is ready; its end, when it ends before. */
async function ready(child: ChildProcess, app: string): Promise<Running['urls']> {
  const { promise, resolve, reject } = Promise.withResolvers<Running['urls']>();
  child.on('message', (message: ParentMessage) => {
    if (message.type === 'ready') resolve(message.urls as Running['urls']);
  });
  child.once('exit', (code) => reject(new Error(`${app} ended at start with code ${code}`)));
  return promise;
}
