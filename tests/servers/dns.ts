import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuarded } from './guarded-server.ts';
import { findProgram } from './programs.ts';
import type { OwnServer } from './server.ts';

export interface DnsServer extends OwnServer {
  /** Lines of its configuration: `srv-host=…`, `host-record=…`. In force when it resolves. */
  set(records: readonly string[]): Promise<void>;
}

/** Whether Debian's `dnsmasq-base` is installed. */
export const hasDns = findProgram('dnsmasq', '/usr/sbin/dnsmasq') !== undefined;

/** A DNS server for the names under `internal`, which the suite may kill; undefined where it is missing. */
export async function startOwnDns(): Promise<DnsServer | undefined> {
  const program = findProgram('dnsmasq', '/usr/sbin/dnsmasq');
  if (!program) return undefined;
  const home = mkdtempSync(join(tmpdir(), 'rookery-dns-'));
  const port = await freeUdpPort();
  const file = join(home, 'records.conf');
  writeFileSync(file, '');
  const args = [
    ...['--keep-in-foreground', '--no-resolv', '--no-hosts', '--local=/internal/', `--conf-file=${file}`],
    ...[`--port=${port}`, '--listen-address=127.0.0.1', '--bind-interfaces', '--pid-file', '--user=', '--group='],
  ];
  const ready = () => answers(port);
  const url = `dns://127.0.0.1:${port}`;
  const log = join(home, 'log');
  const server = await startGuarded({ name: 'dnsmasq', url, command: program, args, log, home, ready });
  return Object.assign(server, {
    async set(records: readonly string[]) {
      writeFileSync(file, records.map((record) => `${record}\n`).join(''));
      await server.restart();
    },
  });
}

/**
 * Below the ports that the system gives to outgoing datagrams: a resolver would take a port of those while the server is
 * down for a moment.
 */
async function freeUdpPort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 30_000);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket = createSocket('udp4')
      .once('error', () => resolve(false))
      .once('listening', () => resolve(true));
    socket.bind(port, '127.0.0.1');
    const free = await promise;
    socket.close();
    if (free) return port;
  }
}

/** It says that there is no such name. */
async function answers(port: number): Promise<void> {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  const code = await resolver.resolveSrv('nobody.internal').catch((error: { code?: string }) => error.code);
  if (code !== 'ENOTFOUND' && code !== 'ENODATA') throw new Error(`it answered ${code}`);
}
