import { LineCounter, parseDocument } from 'yaml';
import type { SettingsTree } from './config.ts';
import { errors } from './errors.ts';
import { isTree } from './merge.ts';

/**
 * Parses YAML or JSON text (YAML 1.2 contains JSON) into settings; empty text is no settings. An error tells the line
 * and the kind of mistake, never the text, which may hold secrets.
 */
export function parseSettings(text: string, name: string): SettingsTree {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [mistake] = document.errors;
  if (mistake) {
    const { line, col } = lineCounter.linePos(mistake.pos[0]);
    throw errors.unreadable(name, `line ${line}, column ${col}: ${mistake.code.toLowerCase().replaceAll('_', ' ')}`);
  }
  const tree: unknown = toPlain(() => document.toJS(), name);
  if (tree === null || tree === undefined) return {};
  if (!isTree(tree)) {
    throw errors.unreadable(
      name,
      `expected an object of settings, received ${Array.isArray(tree) ? 'a list' : typeof tree}`,
    );
  }
  return tree;
}

/** Aliases are followed at most a hundred times; a document that wants more is refused here. */
function toPlain(read: () => unknown, name: string): unknown {
  try {
    return read();
  } catch {
    throw errors.unreadable(name, 'its aliases do not resolve');
  }
}
