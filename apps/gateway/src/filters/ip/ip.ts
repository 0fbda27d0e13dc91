import { RookeryError } from '@rookery/observability';
import { z } from 'zod';
import { AddressRange, AddressSet } from '../../request/trusted-proxies.ts';
import { strictObject } from '../../strict-object.ts';
import type { FilterKind } from '../filter.ts';

const settingsOf = <N extends string>(name: N) =>
  strictObject({ name: z.literal(name), addresses: z.array(AddressRange).min(1).max(10_000) });

const refused = (): RookeryError =>
  new RookeryError('ADDRESS_REFUSED', 'This may not be called from your address.', { status: 403 });

const AllowSettings = settingsOf('ip-allow');
const DenySettings = settingsOf('ip-deny');

/** Only these addresses may call. */
export const ipAllow: FilterKind<z.infer<typeof AllowSettings>> = {
  name: 'ip-allow',
  schema: AllowSettings,
  order: 101,
  create({ addresses }) {
    const set = new AddressSet(addresses);
    return { name: 'ip-allow', onRequest: ({ clientAddress }) => (set.has(clientAddress) ? undefined : refused()) };
  },
};

/** These addresses may not call, whatever else is said. */
export const ipDeny: FilterKind<z.infer<typeof DenySettings>> = {
  name: 'ip-deny',
  schema: DenySettings,
  order: 100,
  create({ addresses }) {
    const set = new AddressSet(addresses);
    return { name: 'ip-deny', onRequest: ({ clientAddress }) => (set.has(clientAddress) ? refused() : undefined) };
  },
};
