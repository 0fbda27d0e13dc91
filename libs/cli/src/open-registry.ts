import type { Registry, RegistryOptions } from '@rookery/discovery';
import { messageOf, usage } from './failure.ts';

/** The client of DISCOVERY_URL; a wrong one is a Failure, as a wrong flag is. Connects when it is first asked. */
export async function openRegistry(url: string, options: RegistryOptions = {}): Promise<Registry> {
  const { createRegistry } = await import('@rookery/discovery');
  try {
    return await createRegistry(url, options);
  } catch (error) {
    throw usage(messageOf(error));
  }
}
