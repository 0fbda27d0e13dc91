import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Call } from '../filter.ts';

/** What a request is counted by. */
export type RateKey = (call: RateFacts) => string;

type RateFacts = Pick<Call, 'principal' | 'clientAddress' | 'params' | 'header' | 'notes' | 'route'>;

/** Note of the api-key filter: the id of the key. */
export const API_KEY_NOTE = 'api-key.id';

const LONGEST = 64;

/** The key of a request, from one or several parts. */
export function rateKey(parts: string | readonly string[]): RateKey {
  const readers = [parts].flat().map(reader);
  const [only] = readers;
  if (readers.length === 1 && only) return only;
  return (call) => readers.map((read) => read(call)).join('|');
}

function reader(part: string): RateKey {
  const [kind, name = ''] = part.split(':');
  switch (kind) {
    case 'route':
      return ({ route }) => `route=${route.id}`;
    case 'principal':
      return (call) => labelled('principal=', call.principal?.subject, call);
    case 'client':
      return (call) => labelled('client=', call.principal?.clientId, call);
    case 'api-key':
      return (call) => labelled('key=', call.notes.get(API_KEY_NOTE), call);
    case 'header':
      return (call) => labelled(`${name}=`, call.header(name), call);
    case 'param':
      return (call) => labelled(`{${name}}=`, call.params[name], call);
    default:
      return (call) => byAddress(call);
  }
}

/** The kind stands before the value: a subject that looks like an address is not one. Long values are told by their hash. */
function labelled(label: string, value: unknown, call: RateFacts): string {
  if (typeof value !== 'string' || value === '') return byAddress(call);
  return label + (value.length <= LONGEST ? value : createHash('sha256').update(value).digest('base64url'));
}

const byAddress = ({ clientAddress }: RateFacts): string => `ip=${network(clientAddress)}`;

/** An IPv4 address as it is; of IPv6 the /64, since who has one address there has them all. */
export function network(address: string): string {
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice(7);
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const gap = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...new Array<string>(gap).fill('0'), ...after].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
