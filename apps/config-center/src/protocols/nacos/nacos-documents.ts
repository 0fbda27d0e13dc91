import { type Format, formatOfName } from '@rookery/config';
import { currentRequest } from '@rookery/observability';
import type { Documents } from '../../documents/documents.ts';
import { errors } from '../../errors.ts';
import type { ReleaseStore } from '../../settings/release-store.ts';
import { WrittenSettings } from '../../settings/written-settings.ts';
import { nacosWanted } from './nacos-names.ts';

/** What Nacos calls a configuration. */
export interface DataId {
  readonly dataId: string;
  readonly group: string | undefined;
  readonly tenant: string | undefined;
}

const TYPES: Readonly<Record<string, Format>> = { yaml: 'yaml', json: 'json', properties: 'properties', toml: 'toml' };

/** Publishes where the document is read from: a release of `orders` that was read as `orders.yaml` gets a successor. */
export async function publishDocument(
  documents: Documents,
  releases: ReleaseStore,
  { dataId, group, tenant }: DataId,
  content: string,
  { type, casMd5, comment }: { type?: string | undefined; casMd5?: string | undefined; comment?: string | undefined },
): Promise<void> {
  const wanted = nacosWanted(dataId, group, tenant);
  const present = await documents.find(wanted);
  if (casMd5 && present?.md5 !== casMd5) throw errors.md5Changed(dataId);
  const key = present?.key ?? wanted[0]?.key;
  if (!key) throw errors.nameInvalid(`"${dataId}"`);
  const format = (type === undefined ? undefined : TYPES[type]) ?? formatOfName(dataId)?.format ?? 'text';
  await releases.publish(key, {
    ...WrittenSettings.read(format, content),
    author: currentRequest()?.principal?.subject,
    comment: comment?.slice(0, 1_000),
    ...(casMd5 && { expectedVersion: present?.release.version ?? 0 }),
  });
}

/** Removes the document, where there is one; its history stays. */
export async function removeDocument(documents: Documents, releases: ReleaseStore, id: DataId): Promise<void> {
  const present = await documents.find(nacosWanted(id.dataId, id.group, id.tenant));
  if (!present) return;
  const author = currentRequest()?.principal?.subject;
  await releases.publish(present.key, { settings: {}, removed: true, author, comment: 'removed' });
}
