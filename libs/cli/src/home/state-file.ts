import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessState } from '../platform/managed-process.ts';
import type { ServiceUrls } from '../platform/messages.ts';

const STATE = 'platform.json';
const SECRETS = 'platform-secrets.json';

/** One instance of an app, or the database, in {@link PlatformState}. */
export interface InstanceState {
  name: string;
  index: number;
  purpose: string;
  state: ProcessState;
  pid?: number;
  urls: ServiceUrls;
  restarts: number;
  waiting?: { for: string; reason: string };
}

/** ROOKERY_HOME/platform.json, there while the platform runs. Nothing secret. */
export interface PlatformState {
  pid: number;
  phase: 'starting' | 'ready' | 'stopping';
  startedAt: string;
  readyInMs?: number;
  services: InstanceState[];
  /** Where the platform's parts are, without passwords: DISCOVERY_URL, CONFIG_URL, GATEWAY_URL, CONTROL_URL. */
  variables: Record<string, string>;
}

/** ROOKERY_HOME/platform-secrets.json, readable by its owner only: database URLs and the token of the control address. */
export type PlatformSecrets = Record<string, string>;

export function writeState(home: string, state: PlatformState): void {
  replace(join(home, STATE), state, 0o644);
}

export function writeSecrets(home: string, secrets: PlatformSecrets): void {
  replace(join(home, SECRETS), secrets, 0o600);
}

/** The state of the platform that runs in this folder, or did when it was killed. */
export function readState(home: string): PlatformState | undefined {
  return read(join(home, STATE)) as PlatformState | undefined;
}

export function readSecrets(home: string): PlatformSecrets {
  return (read(join(home, SECRETS)) as PlatformSecrets | undefined) ?? {};
}

export function removeState(home: string): void {
  for (const file of [STATE, SECRETS]) rmSync(join(home, file), { force: true });
}

/** Writes a file of the platform's home at once and whole. */
export function replace(file: string, content: unknown, mode: number): void {
  const next = `${file}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(content, null, 2)}\n`, { mode });
  chmodSync(next, mode);
  renameSync(next, file);
}

/** What a file of the platform's home says; undefined where there is none, or none that can be read. */
export function read(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
