import { isIP } from 'node:net';
import { type Command, InvalidArgumentError } from 'commander';
import type { AdministrationOptions } from './administration.ts';
import type { RenderFlags } from './commands/render.ts';
import type { VirtualServer } from './render/keepalived.ts';
import { isPort } from './render/rendered-service.ts';

const KINDS = ['NAT', 'DR', 'TUN'] as const;
const SCHEDULERS = ['wlc', 'lc', 'wrr', 'rr', 'sh', 'mh', 'sed', 'nq'];

interface KeepalivedFlags extends RenderFlags {
  virtual: VirtualServer[];
  kind: (typeof KINDS)[number];
  scheduler: string;
  path?: string;
}

/** Adds `rookery render`: configurations of servers that stand before the services, from the registry. */
export function addRendering(program: Command, { root, environment, print, examples }: AdministrationOptions): void {
  const renders = program
    .command('render')
    .description('Write the configuration of a load balancer from the registry.');
  const withFile = (command: Command) =>
    command
      .option('--out <file>', 'write it here, at one stroke and only when it changed; to the terminal when not given')
      .option(
        '--check <command>',
        'judges what is new before it replaces what is there; reads the file that $FILE names',
      )
      .option('--reload <command>', 'makes the server read what is new')
      .option('--watch', 'go on, and write whenever instances come and go')
      .option('--every-ms <ms>', 'with --watch, the shortest time between two reloads', parseMs, 1_000);

  examples(
    withFile(renders.command('nginx').description('upstream groups for nginx: one a service, and <service>-grpc'))
      .option('--service <names>', 'these services, also while they have no instance; all when not given', parseNames)
      .option('--keepalive <n>', 'idle connections that each worker keeps to a service', parseCount, 32)
      .action(async ({ keepalive, ...flags }: RenderFlags & { keepalive: number }) => {
        const [{ render }, { nginxAround, nginxUpstreams }] = await Promise.all([
          import('./commands/render.ts'),
          import('./render/nginx.ts'),
        ]);
        await render(root, environment, {
          flags,
          render: (services) => nginxUpstreams(services, { keepalive }),
          checkable: nginxAround,
          print,
        });
      }),
    'rookery render nginx',
    'rookery render nginx --service catalog,orders --out /etc/nginx/conf.d/upstreams.conf \\',
    "  --check 'nginx -t -q -c \"$FILE\"' --reload 'nginx -s reload' --watch",
  );
  examples(
    withFile(renders.command('keepalived').description('LVS virtual servers for keepalived'))
      .requiredOption(
        '--virtual <service=address:port,...>',
        'where clients find a service; several by commas',
        parseVirtual,
      )
      .option('--kind <NAT|DR|TUN>', 'how packets reach the instances', oneOf(KINDS), 'NAT' as const)
      .option('--scheduler <name>', `of IPVS: ${SCHEDULERS.join(', ')}`, oneOf(SCHEDULERS), 'wlc')
      .option('--path <path>', 'ask instances for this path; try a connection when not given', parsePath)
      .action(async ({ virtual, kind, scheduler, path, ...flags }: KeepalivedFlags) => {
        const [{ render }, { keepalivedServers }] = await Promise.all([
          import('./commands/render.ts'),
          import('./render/keepalived.ts'),
        ]);
        await render(root, environment, {
          flags: { ...flags, service: virtual.map(({ service }) => service) },
          render: (services) => keepalivedServers(services, { virtual, kind, scheduler, path }),
          print,
        });
      }),
    'rookery render keepalived --virtual catalog=10.0.0.100:80 --path /health/ready',
    'rookery render keepalived --virtual catalog=10.0.0.100:80 --out /etc/keepalived/services.conf \\',
    "  --check 'keepalived -t -f \"$FILE\"' --reload 'kill -HUP $(cat /run/keepalived.pid)' --watch",
  );
}

const wrong = (expected: string) => new InvalidArgumentError(`Expected ${expected}.`);

function parseNames(text: string): string[] {
  const names = text.split(',');
  if (!names.every((name) => /^[a-z0-9][a-z0-9._-]{0,62}$/i.test(name))) throw wrong('names like catalog,orders');
  return names;
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw wrong('a number from 1 to 9999');
  return Number(text);
}

function parseMs(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw wrong('milliseconds');
  return Number(text);
}

function parsePath(text: string): string {
  if (!/^\/[\w./~%-]*$/.test(text)) throw wrong('a path like /health/ready');
  return text;
}

function parseVirtual(text: string): VirtualServer[] {
  return text.split(',').map((part) => {
    const [, service, address, port] =
      /^([a-z0-9][a-z0-9._-]{0,62})=([\d.]+|\[?[\da-f:]+\]?):(\d{1,5})$/i.exec(part) ?? [];
    const plain = address?.replace(/[[\]]/g, '') ?? '';
    if (!service || isIP(plain) === 0 || !isPort(Number(port))) throw wrong('catalog=10.0.0.100:80');
    return { service, address: plain, port: Number(port) };
  });
}

const oneOf =
  <T extends string>(allowed: readonly T[]) =>
  (text: string): T => {
    const found = allowed.find((each) => each === text);
    if (found === undefined) throw wrong(`one of ${allowed.join(', ')}`);
    return found;
  };
