/** Whether a name fits one of the patterns, where `*` is any text. */
export function fitsOne(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => fits(name, pattern.split('*')));
}

/** Piece after piece, each at its first place: no pattern makes this slow. */
function fits(name: string, [first = '', ...others]: readonly string[]): boolean {
  if (!name.startsWith(first)) return false;
  const last = others.pop();
  if (last === undefined) return name === first;
  let at = first.length;
  for (const piece of others) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

export interface NamePatterns {
  only?: readonly string[];
  except?: readonly string[];
}

export const isMeant = (name: string, { only, except = [] }: NamePatterns): boolean =>
  (only === undefined || fitsOne(name, only)) && !fitsOne(name, except);
