import { RookeryError } from '@rookery/observability';
import { errors } from '../errors.ts';
import { checkSettings } from '../settings/check-settings.ts';
import type { Publication } from '../settings/release-rows.ts';
import { WrittenSettings } from '../settings/written-settings.ts';
import type { ExportDocument } from './export-document.ts';

/** What an item of a document writes; an error names the item. */
export function writtenItem({
  group,
  namespace,
  format,
  content,
  settings,
}: ExportDocument['settings'][number]): Publication {
  const where = `${group}/${namespace}`;
  if ((content === undefined) === (settings === undefined)) {
    throw errors.importInvalid(`${where} has neither content nor settings, or both`);
  }
  try {
    if (content !== undefined) return { ...WrittenSettings.read(format, content) };
    const tree = settings ?? {};
    checkSettings(tree);
    return { settings: tree, format, content: null };
  } catch (error) {
    throw error instanceof RookeryError ? errors.importRefused(where, error) : error;
  }
}
