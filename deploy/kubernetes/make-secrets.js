/**
 * Prints the Secrets of the dev overlay with new random passwords, as a list for `kubectl create`, which refuses to
 * overwrite those that exist: node deploy/kubernetes/make-secrets.js | kubectl create -n rookery-dev -f -
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const apps = join(import.meta.dirname, '../../apps');
const password = () => randomBytes(24).toString('base64url');
const urlOf = (name, secret) => `postgres://${name}:${secret}@postgres:5432/${name}`;
const secretOf = (name, stringData) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData });

const databases = { messaging: password() };
const secrets = [];
for (const name of readdirSync(apps)) {
  const manifest = JSON.parse(readFileSync(join(apps, name, 'package.json'), 'utf8'));
  if (!manifest.rookery?.needs.includes('postgres')) continue;
  databases[name] = password();
  const messages = '@rookery/messaging' in manifest.dependencies;
  secrets.push(
    secretOf(name, {
      DATABASE_URL: urlOf(name, databases[name]),
      ...(messages && { MESSAGING_URL: urlOf('messaging', databases.messaging) }),
    }),
  );
}
const sql = Object.entries(databases).map(
  ([name, secret]) => `CREATE ROLE "${name}" LOGIN PASSWORD '${secret}';\nCREATE DATABASE "${name}" OWNER "${name}";\n`,
);
secrets.push(secretOf('postgres', { POSTGRES_PASSWORD: password(), 'databases.sql': sql.join('') }));
secrets.push(secretOf('config-token', { CONFIG_TOKEN: randomBytes(32).toString('base64url') }));

console.log(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: secrets }, undefined, 2));
