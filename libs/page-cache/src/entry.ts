import { errors } from './errors.ts';
import type { Entry, PageCacheLimits } from './page-cache.ts';

/** Throws unless the entry may be held; returns the bytes of its value. */
export function assertEntry(key: string, { version, value }: Entry, { maxValueBytes }: PageCacheLimits): number {
  if (!Number.isSafeInteger(version) || version < 0) throw errors.versionInvalid(key, version);
  const bytes = Buffer.byteLength(value);
  if (bytes > maxValueBytes) throw errors.tooLarge(key, bytes, maxValueBytes);
  return bytes;
}
