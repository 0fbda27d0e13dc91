import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Secret } from '../model.ts';

/** The passwords of a native stack: made when first asked for, kept in `stack-secrets.json`, readable by its owner only. */
export class Secrets {
  readonly #file: string;
  readonly #known: Partial<Record<Secret, string>>;

  constructor(home: string) {
    this.#file = join(home, 'stack-secrets.json');
    this.#known = existsSync(this.#file) ? JSON.parse(readFileSync(this.#file, 'utf8')) : {};
  }

  get(name: Secret): string {
    const known = this.#known[name];
    if (known) return known;
    const made = randomBytes(24).toString('hex');
    this.#known[name] = made;
    writeFileSync(this.#file, `${JSON.stringify(this.#known, null, 2)}\n`, { mode: 0o600 });
    chmodSync(this.#file, 0o600);
    return made;
  }
}
