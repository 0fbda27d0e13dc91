import { type Format, formatOfName, parseFormat } from '@rookery/config';
import { strFromU8, unzipSync } from 'fflate';
import { z } from 'zod';
import { errors } from '../errors.ts';
import { LIMIT_BYTES } from '../settings/check-settings.ts';
import { EXPORT_VERSION, type ExportDocument, MOST_SETTINGS } from './export-document.ts';

const METADATA = '.metadata.yml';
const MOST_BYTES = 32 * 1024 * 1024;
const TYPES: Readonly<Record<string, Format>> = { yaml: 'yaml', json: 'json', properties: 'properties', toml: 'toml' };

/** What Nacos writes of each file since 1.4 (`exportV2`); group and data id are in the file's name too. */
const Metadata = z.object({
  metadata: z.array(z.object({ group: z.string(), dataId: z.string(), type: z.string().nullish() })).default([]),
});

/**
 * The zip that Nacos' console exports: `GROUP/dataId` for each configuration, and what type it has in `.metadata.yml`.
 * `orders.yaml` becomes the settings of `orders`, where both Nacos' clients and all others find them, unless another file
 * would become the same.
 */
export function readNacosZip(zip: Uint8Array): ExportDocument {
  const files = unzip(zip);
  const types = typesOf(files[METADATA]);
  delete files[METADATA];
  const found = Object.entries(files)
    .filter(([path]) => !path.endsWith('/'))
    .map(([path, bytes]) => {
      const [group, dataId, ...more] = path.split('/');
      if (!group || !dataId || more.length > 0)
        throw errors.importInvalid(`${JSON.stringify(path)} is not GROUP/dataId`);
      const ending = formatOfName(dataId);
      const type = types.get(path);
      const format = (type === undefined ? undefined : TYPES[type]) ?? ending?.format ?? 'text';
      const base = ending && ending.format === format ? ending.base : dataId;
      return { group: group === 'DEFAULT_GROUP' ? 'default' : group, dataId, base, format, content: strFromU8(bytes) };
    });
  const count = new Map<string, number>();
  for (const { group, base } of found) count.set(`${group}/${base}`, (count.get(`${group}/${base}`) ?? 0) + 1);
  const settings = found.map(({ group, dataId, base, format, content }) => ({
    group,
    namespace: count.get(`${group}/${base}`) === 1 ? base : dataId,
    format,
    content,
  }));
  return { rookeryConfig: EXPORT_VERSION, groups: [], namespaces: [], settings };
}

/** Reads no more than may be kept: a file that says it is larger is refused before it is unpacked. */
function unzip(zip: Uint8Array): Record<string, Uint8Array> {
  let total = 0;
  let files = 0;
  try {
    return unzipSync(zip, {
      filter: ({ name, originalSize }) => {
        total += originalSize;
        files += 1;
        if (originalSize > LIMIT_BYTES && name !== METADATA) throw errors.tooLarge(originalSize, LIMIT_BYTES);
        if (total > MOST_BYTES || files > MOST_SETTINGS + 1)
          throw errors.transferTooLarge('more than a zip may hold here');
        return true;
      },
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') throw error;
    throw errors.importInvalid('it is no zip');
  }
}

function typesOf(metadata: Uint8Array | undefined): Map<string, string> {
  if (!metadata) return new Map();
  const read = Metadata.safeParse(parseFormat('yaml', strFromU8(metadata), METADATA));
  if (!read.success) throw errors.importInvalid(`${METADATA} is not as Nacos writes it`);
  return new Map(read.data.metadata.flatMap(({ group, dataId, type }) => (type ? [[`${group}/${dataId}`, type]] : [])));
}
