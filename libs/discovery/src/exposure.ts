import type { Instance } from './discovery.ts';

/** Registration metadata of a service that is for the platform only: a gateway does not lead callers there. */
export const INTERNAL: Readonly<Record<string, string>> = { exposure: 'internal' };

/** Whether an instance asked not to be reached through a gateway. */
export const isInternal = ({ metadata }: Instance): boolean => metadata.exposure === INTERNAL.exposure;
