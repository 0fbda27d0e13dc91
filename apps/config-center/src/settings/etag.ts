import { errors } from '../errors.ts';

export const etagOf = (version: number): string => `"${version}"`;

/** The version that an If-Match names; undefined where it names none. */
export function versionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined;
  const version = /^(?:W\/)?"(\d{1,10})"$/.exec(ifMatch)?.[1];
  if (version === undefined) throw errors.matchInvalid();
  return Number(version);
}
