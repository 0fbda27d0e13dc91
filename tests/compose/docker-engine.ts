import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '@rookery/servers';
import { EngineProcess } from '@rookery/stack';

const execute = promisify(execFile);
/** Another run on this machine may have the data folder; it is done within this time. */
const READY_MS = 20 * 60_000;

/** A Docker engine that suites may build and run on. */
export interface DockerEngine {
  /** What `docker` and compose need to reach it. */
  environment: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** The engine that runs already, else one of our own (as root); undefined where neither is possible. */
export async function startDocker(): Promise<DockerEngine | undefined> {
  if (!findProgram('docker') || !composeCommand()) return undefined;
  const running = await execute('docker', ['version'], { timeout: 10_000 }).then(
    () => true,
    () => false,
  );
  if (running) return { environment: {}, stop: async () => {} };
  const program = findProgram('/usr/sbin/dockerd', 'dockerd');
  const lock = findProgram('flock');
  if (!program || !lock || process.getuid?.() !== 0) return undefined;

  // Images stay from run to run, outside the repository; one engine at a time has them.
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'rookery', 'docker');
  mkdirSync(cache, { recursive: true });
  const home = mkdtempSync(join(tmpdir(), 'rookery-docker-'));
  const host = `unix://${home}/socket`;
  const command = {
    program: lock,
    args: [
      ...['--no-fork', join(cache, 'lock'), program, '--host', host, '--pidfile', join(home, 'pid')],
      ...['--data-root', join(cache, 'data'), '--exec-root', join(home, 'exec')],
      // Nothing of the host's network is changed: containers reach each other, and this machine reaches them.
      ...['--iptables=false', '--ip-forward=false', '--bridge=none', '--default-ulimit', 'nofile=20000:20000'],
    ],
    // It ends its containers first, and they would outlive it.
    patienceMs: 120_000,
  };
  const daemon = new EngineProcess('dockerd', command, home, join(home, 'log'));
  const environment = { DOCKER_HOST: host, DOCKER_BUILDKIT: '0', DOCKER_BUILD_FLAGS: '--network host' };
  const answers = async () => {
    await execute('docker', ['version'], { env: { ...process.env, ...environment }, timeout: 10_000 });
  };
  const stop = async () => {
    await daemon.stop();
    // dockerd leaves the network namespaces that it has named mounted.
    const namespaces = join(home, 'exec/netns');
    const names = existsSync(namespaces) ? readdirSync(namespaces) : [];
    await Promise.all(names.map((name) => execute('umount', [join(namespaces, name)]).catch(() => {})));
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await daemon.ready(answers, READY_MS, new AbortController().signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return { environment, stop };
}

/** Compose of either age. */
export function composeCommand(): string[] | undefined {
  const plugins = [join(homedir(), '.docker'), '/usr/libexec/docker', '/usr/lib/docker', '/usr/local/lib/docker'];
  if (findProgram(...plugins.map((folder) => join(folder, 'cli-plugins/docker-compose')))) return ['docker', 'compose'];
  return findProgram('docker-compose') ? ['docker-compose'] : undefined;
}
