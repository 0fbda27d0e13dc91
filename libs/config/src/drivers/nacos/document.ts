import { formatOfName } from '../../formats/format.ts';
import { parseFormat } from '../../formats/parse-format.ts';
import type { Found } from '../followed/followed-place.ts';

/** What a data id holds, in the format that its ending tells; YAML when none. @param place for messages */
export function documentOf(place: string, dataId: string, text: string): Found {
  const format = formatOfName(dataId)?.format ?? 'yaml';
  const settings = parseFormat(format, text, `${place}, ${dataId}`);
  return { settings, mark: text, ...(format === 'properties' && { text: true }) };
}
