import { type Balance, newStickyKey, stickyCookie, stickyKey } from '@rookery/discovery';

/** What a request is balanced by, where its route says how. */
export interface BalanceKey {
  readonly key: string;
  /** For the client, where it had no key of its own. */
  readonly setCookie: string | undefined;
}

const BY_KEY: ReadonlySet<Balance['algorithm']> = new Set(['ring-hash', 'maglev']);

/**
 * The key of a request, for the algorithms that go by one: the header or the cookie that the route names, else the
 * client's address. Who comes without the cookie is given one.
 */
export function balanceKeyOf(
  { algorithm, sticky }: Balance,
  header: (name: string) => string | undefined,
  clientAddress: string,
): BalanceKey | undefined {
  if (!BY_KEY.has(algorithm)) return undefined;
  if (!sticky) return { key: clientAddress, setCookie: undefined };
  const given = stickyKey(sticky, header);
  if (given !== undefined) return { key: given, setCookie: undefined };
  if (sticky.cookie === undefined) return undefined;
  const key = newStickyKey();
  return { key, setCookie: stickyCookie(sticky, key) };
}
