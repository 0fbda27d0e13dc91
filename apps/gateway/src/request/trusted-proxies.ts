import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

/** An IP address or a range of them, like `10.0.0.0/8` or `::1`. */
export const AddressRange = z.string().refine((text) => parseRange(text) !== undefined, {
  error: 'expected an IP address or a range like 10.0.0.0/8',
});

interface Range {
  address: string;
  prefix: number;
  family: 'ipv4' | 'ipv6';
}

/** A set of addresses that is asked in one step. */
export class AddressSet {
  readonly #list = new BlockList();

  constructor(ranges: readonly string[]) {
    for (const text of ranges) {
      const range = parseRange(text);
      if (range) this.#list.addSubnet(range.address, range.prefix, range.family);
    }
  }

  has(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  }
}

/** An address as it is written in ranges and logs: an IPv4 one without the prefix that a dual-stack socket gives it. */
export const plainAddress = (address: string): string =>
  address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;

/**
 * Who the client is, where proxies that we trust stand before us: the last address that none of them is. What stands
 * further left was written by somebody we do not know. Answers the client and the proxies after it, the peer last.
 */
export function forwardedChain(peer: string, forwardedFor: string | undefined, trusted: AddressSet): string[] {
  const chain = [peer];
  if (!trusted.has(peer)) return chain;
  for (const entry of (forwardedFor ?? '').split(',').reverse()) {
    const address = plainAddress(entry.trim());
    if (isIP(address) === 0) break;
    chain.unshift(address);
    if (!trusted.has(address)) break;
  }
  return chain;
}

function parseRange(text: string): Range | undefined {
  const [address = '', prefixText, ...more] = text.split('/');
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  const prefix = prefixText === undefined ? bits : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : -1;
  if (version === 0 || more.length > 0 || prefix < 0 || prefix > bits) return undefined;
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}
