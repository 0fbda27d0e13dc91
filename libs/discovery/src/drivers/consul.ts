import type { RegistryOptions } from '../create-registry.ts';
import type { Registry } from '../discovery.ts';
import { discoveryErrors } from '../errors.ts';

export function createConsulRegistry(url: string, _options: RegistryOptions): Registry {
  throw discoveryErrors.badUrl(url, 'the Consul driver is not built yet');
}
