import { isIPv4, isIPv6 } from 'node:net';
import type { Instance } from '@rookery/discovery';

/** A service and the instances that a server before it is to know. */
export interface RenderedService {
  name: string;
  instances: readonly Instance[];
}

/** What may stand in a configuration: a registry is no place that its words are taken from unseen. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?';
const HOST_NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`);

export const isName = (text: string): boolean => NAME.test(text);

export const isPort = (port: unknown): boolean => Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535;

/** One that a server refuses would keep all others out of its configuration too. */
function isAddress(text: string): boolean {
  if (text.includes(':')) return isIPv6(text) && !text.includes('%');
  return /^[\d.]+$/.test(text) ? isIPv4(text) : HOST_NAME.test(text);
}

/** Instances that can be written down, always in the same order: an order that changes is no news. */
export const writable = (instances: readonly Instance[]): Instance[] =>
  instances
    .filter(({ address, port, weight }) => isAddress(address) && isPort(port) && weight >= 0 && Number.isFinite(weight))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

const keyOf = ({ address, port, id }: Instance): string => `${address} ${String(port).padStart(5, '0')} ${id}`;

/** Weights as whole numbers, 1 to 100 in proportion where they are not whole already; 0 stays 0. */
export function wholeWeights(instances: readonly Instance[]): number[] {
  const weights = instances.map(({ weight }) => weight);
  const heaviest = Math.max(...weights, 0);
  if (heaviest <= 100 && weights.every(Number.isInteger)) return weights;
  return weights.map((weight) => (weight > 0 ? Math.max(1, Math.round((weight / heaviest) * 100)) : 0));
}
