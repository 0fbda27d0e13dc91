import { Failure, messageOf } from '../failure.ts';
import { homeOf } from '../home/home.ts';
import { readState } from '../home/state-file.ts';
import { openRegistry } from '../open-registry.ts';
import { printable } from '../output/printable.ts';
import { renderTable } from '../output/table.ts';

/** A table of all healthy instances, from the registry of `DISCOVERY_URL` or of the platform that runs here. */
export async function status(root: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const home = homeOf(root, environment);
  const url = environment.DISCOVERY_URL ?? readState(home)?.variables.DISCOVERY_URL;
  if (!url) throw new Failure(`No platform runs in ${home}; start one with npm start, or set DISCOVERY_URL.`);
  const registry = await openRegistry(url);
  try {
    const services = (await registry.services()).sort();
    const instances = await Promise.all(services.map((service) => registry.instances(service)));
    const rows = instances
      .flat()
      .map(({ service, id, address, port, grpcPort }) => [
        printable(service),
        printable(id),
        `http://${address}:${port}`,
        grpcPort ? `${grpcPort}` : '',
      ]);
    if (rows.length === 0) return 'The registry knows no healthy service.';
    return renderTable(['SERVICE', 'INSTANCE', 'URL', 'GRPC'], rows, { flexible: 1 });
  } catch (error) {
    throw new Failure(messageOf(error));
  } finally {
    await registry.close();
  }
}
