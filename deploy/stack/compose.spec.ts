import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { composeFiles } from './compose.ts';
import { stack } from './stack.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const COMPOSE = join(ROOT, 'deploy/compose');
interface Service {
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
}

/** Names of the secrets that compose.yaml asks for. */
const asked = [...(composeFiles()['compose.yaml'] ?? '').matchAll(/\$\{([A-Z_]+):\?/g)];
const secrets = [...new Set(asked.map(([, name = '']) => name))].sort();

const folder = mkdtempSync(join(tmpdir(), 'rookery-compose-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the files of deploy/compose are what the description says (npm run compose)', () => {
  for (const [path, content] of Object.entries(composeFiles())) {
    expect(readFileSync(join(COMPOSE, path), 'utf8'), path).toBe(content);
  }
});

test('every app but the embedded registry stands in the description, with all that it needs', () => {
  const apps = readdirSync(join(ROOT, 'apps')).filter((name) => name !== 'registry');
  const known = stack.apps.map(({ name }) => name);
  expect(known.sort(), 'add a new app to deploy/stack/stack.ts, then npm run compose').toEqual(apps.sort());
  for (const app of stack.apps) {
    const { rookery, dependencies } = JSON.parse(readFileSync(join(ROOT, 'apps', app.name, 'package.json'), 'utf8'));
    // On a laptop messages go through Postgres too: an app without a database of its own needs the broker instead.
    const engine: Record<string, string> = {
      registry: 'consul',
      postgres: '@rookery/database' in dependencies ? 'postgres' : 'rabbitmq',
    };
    const needs = rookery.needs.map((need: string) => engine[need] ?? need);
    expect(app.needs, app.name).toEqual(expect.arrayContaining(needs));
  }
});

test('make-env makes every secret once, for its owner only, and leaves what is there', () => {
  for (const file of ['make-env', 'compose.yaml']) copyFileSync(join(COMPOSE, file), join(folder, file));
  const made = spawnSync('sh', [join(folder, 'make-env')], { encoding: 'utf8' });
  expect(made.stderr).toBe('');
  const env = readFileSync(join(folder, '.env'), 'utf8');
  expect(secrets.length).toBeGreaterThan(0);
  expect(env.trim().split('\n').sort()).toEqual(secrets.map((name) => expect.stringMatching(`^${name}=[0-9a-f]{48}$`)));
  expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600);
  spawnSync('sh', [join(folder, 'make-env')]);
  expect(readFileSync(join(folder, '.env'), 'utf8')).toBe(env);
});

test('no password stands in the compose file, and every service waits for the health of what it needs', () => {
  const { services } = parse(composeFiles()['compose.yaml'] ?? '');
  for (const [name, service] of Object.entries(services as Record<string, Service>)) {
    const passwords = Object.entries(service.environment ?? {}).filter(([key]) => /PASS|TOKEN|REDISCLI_AUTH/.test(key));
    for (const [, value] of passwords) expect(value, name).toMatch(/^\$\{[A-Z_]+:\?/);
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      const hasHealth = services[needed].healthcheck ?? services[needed].build;
      if (condition === 'service_healthy') expect(hasHealth, `${name} -> ${needed}`).toBeTruthy();
    }
  }
});

test('every app runs without root rights on a read-only file system', () => {
  const { services } = parse(composeFiles()['compose.yaml'] ?? '');
  for (const { name } of stack.apps) {
    expect(services[name]).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    expect(services[name].security_opt).toEqual(['no-new-privileges:true']);
  }
  const dockerfile = readFileSync(join(ROOT, 'deploy/docker/Dockerfile'), 'utf8');
  expect(dockerfile).toMatch(/^USER \d+/m);
});

const docker = ['docker compose', 'docker-compose'].find((command) => {
  const [program = '', ...args] = command.split(' ');
  return spawnSync(program, [...args, 'version']).status === 0;
});

test.skipIf(!docker)('docker compose takes the file (needs docker-compose)', () => {
  const [program = '', ...args] = (docker ?? '').split(' ');
  const file = join(COMPOSE, 'compose.yaml');
  const { status, stderr, stdout } = spawnSync(
    program,
    [...args, '-f', file, '--project-directory', COMPOSE, 'config'],
    {
      encoding: 'utf8',
      env: { ...process.env, ...Object.fromEntries(secrets.map((name) => [name, 'x'.repeat(48)])) },
    },
  );
  expect(stderr).not.toMatch(/error/i);
  expect(status).toBe(0);
  expect(Object.keys(parse(stdout).services)).toEqual(expect.arrayContaining(stack.apps.map(({ name }) => name)));
});
