import type { Snapshot } from '../../config.ts';
import type { KeyRing } from '../../encryption/key-ring.ts';
import { hasSealed, mapTexts, type Origin, openTree } from '../../encryption/sealed-value.ts';
import { errors } from '../../errors.ts';

/** A release with its encrypted values decrypted; throws `CONFIG_SEALED` with their paths where they cannot be. */
export function opened(snapshot: Snapshot, ring: KeyRing | undefined, namespace: string): Snapshot {
  const sealed: string[] = [];
  mapTexts(snapshot.settings, (text, path) => {
    if (hasSealed(text)) sealed.push(path);
    return text;
  });
  if (sealed.length === 0) return snapshot;
  if (!ring) throw errors.sealed(sealed);
  // The centre has checked which of its keys a value is for; what comes from another environment is refused here too.
  const allowed = (origin: Origin) => origin.namespace === namespace;
  const settings = openTree(ring, snapshot.settings, allowed) as Snapshot['settings'];
  return { ...snapshot, settings };
}
