import { type Instance, isServiceName, type Registry } from '@rookery/discovery';
import { printable } from '../output/printable.ts';
import { renderTable } from '../output/table.ts';
import { Gate } from './gate.ts';
import { ownPlaces, verdictOf } from './plan-mirror.ts';

const AT_ONCE = 16;

export interface PreviewDirection {
  /** Shown: `eureka`. */
  name: string;
  from: Registry;
  to: Registry;
}

/** What would be mirrored, and what not and why: a table. Nothing is written anywhere. */
export async function preview(
  directions: readonly PreviewDirection[],
  isMeant: (service: string) => boolean,
): Promise<string> {
  const rows = (await Promise.all(directions.map((direction) => rowsOf(direction, isMeant)))).flat();
  if (rows.length === 0) return 'There is nothing to mirror.';
  const count = rows.filter(([, , , , what]) => what === 'mirror').length;
  const table = renderTable(['FROM', 'SERVICE', 'INSTANCE', 'ADDRESS', 'WHAT'], rows, { flexible: 2 });
  return `${table}\n\n${count} of ${rows.length} would be mirrored.`;
}

async function rowsOf({ name, from, to }: PreviewDirection, isMeant: (service: string) => boolean) {
  const gate = new Gate(AT_ONCE);
  const services = (await from.services()).filter(isMeant).sort();
  const rows = services.map(async (service) => {
    if (!isServiceName(service)) return [[name, service, '', '', 'no service name'].map(printable)];
    const [source, target] = await gate.run(() => Promise.all([from.instances(service), to.instances(service)]));
    const own = ownPlaces(target);
    return source.map((instance) =>
      [name, service, instance.id, addressOf(instance), verdictOf(instance, own)].map(printable),
    );
  });
  return (await Promise.all(rows)).flat();
}

const addressOf = ({ address, port, grpcPort }: Instance): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}${grpcPort === undefined ? '' : `+${grpcPort}`}`;
