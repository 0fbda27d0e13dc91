import type { Registry } from './discovery.ts';
import { discoveryErrors } from './errors.ts';
import type { DiscoveryLog } from './log.ts';

export const DEFAULT_DISCOVERY_URL = 'consul://127.0.0.1:8500';

export interface RegistryOptions {
  /** Is told when the registry goes away and comes back. */
  log?: DiscoveryLog;
}

/**
 * The registry client that the URL's scheme names. Does not connect: the first call says whether the registry is there.
 * @param url DISCOVERY_URL, else the embedded registry's address, when not given
 */
export async function createRegistry(
  url: string = process.env.DISCOVERY_URL ?? DEFAULT_DISCOVERY_URL,
  options: RegistryOptions = {},
): Promise<Registry> {
  switch (/^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()) {
    case 'consul':
    case 'http':
    case 'https': {
      const { createConsulRegistry } = await import('./drivers/consul.ts');
      return createConsulRegistry(url, options);
    }
    case 'kubernetes':
    case 'kubernetes+http': {
      const { createKubernetesRegistry } = await import('./drivers/kubernetes.ts');
      return createKubernetesRegistry(url, options);
    }
    case 'static': {
      const { createStaticRegistry } = await import('./drivers/static.ts');
      return createStaticRegistry(url);
    }
    default:
      throw discoveryErrors.unknownScheme(url);
  }
}
