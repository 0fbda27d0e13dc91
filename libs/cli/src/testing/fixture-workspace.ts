import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An app of a few lines that speaks the same messages as a real one; `/env` shows what it was given. */
const MAIN = (extra = '') => `
import { createServer } from 'node:http';
${extra}
const say = (message: unknown) => process.connected && process.send?.(message);
const server = createServer((request, response) => {
  if (request.url === '/crash') { console.error('Error: asked to crash'); process.exit(7); }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ pid: process.pid, version: VERSION, env: process.env }));
});
const VERSION: number = 1;
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
say({ type: 'waiting', for: 'its turn', reason: 'it has just begun' });
server.listen(Number(process.env.PORT), process.env.HOST, () => {
  const address = server.address() as { port: number };
  console.log(JSON.stringify({ level: 30, service: process.env.INSTANCE_ID, event: 'listening', port: address.port }));
  say({ type: 'ready', urls: { http: 'http://127.0.0.1:' + address.port } });
});
`;

const DATABASE = `
import pg from 'pg';
for (let stored = false; !stored; ) {
  const client = new pg.Client(process.env.DATABASE_URL);
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now())');
    await client.query('INSERT INTO starts DEFAULT VALUES');
    stored = true;
  } catch (error) {
    process.send?.({ type: 'waiting', for: 'database', reason: (error as Error).message });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await client.end().catch(() => {});
}
`;

const APPS = {
  registry: { source: MAIN(), rookery: { purpose: 'Knows who is where', port: 18_500, needs: [] } },
  front: { source: MAIN(), rookery: { purpose: 'The way in', port: 18_080, needs: ['registry'] } },
  store: { source: MAIN(DATABASE), rookery: { purpose: 'Keeps things', needs: ['registry', 'postgres'] } },
};

export interface FixtureWorkspace {
  root: string;
  /** Where the source of an app is. */
  source(app: string): string;
  remove(): void;
}

/** A workspace with three tiny apps (registry, front, store) and one library that front imports by name only. */
export function fixtureWorkspace(nodeModules: string): FixtureWorkspace {
  const root = mkdtempSync(join(tmpdir(), 'rookery-workspace-'));
  mkdirSync(join(root, 'node_modules'));
  symlinkSync(join(nodeModules, 'pg'), join(root, 'node_modules', 'pg'));
  const project = (folder: string, manifest: object, file: string, text: string) => {
    mkdirSync(join(root, folder, 'src'), { recursive: true });
    writeFileSync(
      join(root, folder, 'package.json'),
      JSON.stringify({ type: 'module', version: '0.0.0', ...manifest }),
    );
    writeFileSync(join(root, folder, 'src', file), text);
  };
  project('libs/shared', { name: '@fixture/shared' }, 'index.ts', 'export const shared: number = 1;\n');
  for (const [name, { source, rookery }] of Object.entries(APPS)) {
    const dependencies = name === 'front' ? { '@fixture/shared': '0.0.0' } : {};
    project(`apps/${name}`, { name: `@fixture/${name}`, rookery, dependencies }, 'main.ts', source);
  }
  return {
    root,
    source: (app) => join(root, 'apps', app, 'src', 'main.ts'),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
