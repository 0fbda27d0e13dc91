import { createHash } from 'node:crypto';
import type { Instance } from '@rookery/discovery';

/** Metadata of an instance that was mirrored: the registry it comes from. Who has it is never mirrored again. */
export const MIRRORED_FROM = 'mirrored-from';

const URL_FORM = /^([a-z][a-z0-9+.-]*):(?:\/\/(?:[^/?#]*@)?([^?#]*)(?:\?([^#]*))?)?/i;
/** Parameters that say which instances of a server are meant. */
const CHOOSING = ['dc', 'group', 'http', 'namespace', 'selector'];
const LONGEST_LABEL = 200;
const LONGEST_ID = 80;

/** A registry as it is shown and written down: scheme, hosts and path of its URL and what chooses in it, nothing secret. */
export function labelOf(url: string): string {
  const [, scheme = '', place = '', query] = URL_FORM.exec(url) ?? [];
  const given = new URLSearchParams(query);
  const chosen = CHOOSING.filter((name) => given.get(name)).map((name) => `${name}=${given.get(name)}`);
  const label = [`${scheme.toLowerCase()}://${place.replace(/\/+$/, '')}`, chosen.join('&')].filter(Boolean).join('?');
  return label.slice(0, LONGEST_LABEL);
}

export const isMirrored = ({ metadata }: Instance): boolean => Object.hasOwn(metadata, MIRRORED_FROM);

/** Where an instance answers: what has the same place is the same instance, whoever registered it. */
export const placeOf = ({ address, port }: Instance): string => `${address} ${port}`;

/**
 * The instance as it is registered elsewhere. Its id is that of what it says, for every process that mirrors it: one that
 * takes over registers the same, and one that changed has another id. It never is the id that the instance would have when
 * it registers there itself.
 */
export function mirrorOf(instance: Instance, label: string): Instance {
  const { id, service, address, port, grpcPort, weight, zone, metadata } = instance;
  const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  const facts = JSON.stringify([label, service, id, address, port, grpcPort ?? null, weight, zone ?? null, sorted]);
  const mark = createHash('sha256').update(facts).digest('hex').slice(0, 12);
  const plainId = id.replace(/[^\w.:-]/g, '-').slice(0, LONGEST_ID);
  return { ...instance, id: `${plainId}.${mark}`, metadata: { ...metadata, [MIRRORED_FROM]: label } };
}
