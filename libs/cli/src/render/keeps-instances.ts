import { NOBODY } from './nginx.ts';
import type { RenderedService } from './rendered-service.ts';
import { currentText } from './replace-file.ts';

const SERVERS = /^\s*(?:real_server|server) (.*)$/gm;

/**
 * Whether a file that names instances is to stay, since the registry shows nobody at all: rather one that began anew than an
 * estate without a single instance, and if not, whom the file names is no worse than nobody.
 */
export function keepsInstances(file: string, services: readonly RenderedService[]): boolean {
  if (services.some(({ instances }) => instances.length > 0)) return false;
  return [...(currentText(file) ?? '').matchAll(SERVERS)].some(([, server]) => server !== `${NOBODY} down;`);
}

export const stays = (file: string): string =>
  `The registry shows no instance of any service: ${file} stays as it is. Remove it to have it written.`;
