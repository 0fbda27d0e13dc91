/** Why a request target is refused; the negative numbers that {@link pathLength} answers. */
export const TARGET_REFUSALS: Readonly<Record<number, string>> = {
  [-1]: 'it must be a path that begins with /',
  [-2]: 'it holds a raw character that must be percent-encoded',
  [-3]: 'it holds a dot segment',
  [-4]: 'it holds an encoded slash or backslash',
  [-5]: 'it holds an encoded control character',
  [-6]: 'it is encoded twice',
  [-7]: 'it holds a broken percent-encoding',
  [-8]: 'it holds an empty segment',
  [-9]: 'it encodes a character that needs no encoding',
};

const NOT_A_PATH = -1;
const RAW_CHARACTER = -2;
const DOT_SEGMENT = -3;
const ENCODED_SLASH = -4;
const ENCODED_CONTROL = -5;
const ENCODED_TWICE = -6;
const BROKEN_ENCODING = -7;
const EMPTY_SEGMENT = -8;
/** {@link withoutNeedlessEncoding} mends it. */
const NEEDLESS_ENCODING = -9;

const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const DOT = 0x2e;
const SEMICOLON = 0x3b;
const QUESTION_MARK = 0x3f;
const HASH = 0x23;

const hexValue = (code: number): number => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
};

/** What RFC 3986 calls unreserved: encoded it means the same, and a route or a server that compares as it stands misses it. */
const isUnreserved = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) ||
  code === 0x2d ||
  code === DOT ||
  code === 0x5f ||
  code === 0x7e;

/** The byte that the two digits at `at` encode; negative when they are not two hexadecimal digits. */
const escaped = (target: string, at: number): number => {
  const high = hexValue(target.charCodeAt(at));
  const low = hexValue(target.charCodeAt(at + 1));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
};

/**
 * Length of the path in a request target, or a negative refusal. It accepts only paths that every server behind us
 * reads alike. One pass, nothing allocated.
 */
export function pathLength(target: string): number {
  if (target.charCodeAt(0) !== SLASH) return NOT_A_PATH;
  const { length } = target;
  let dots = 0;
  let onlyDots = true;
  let beyondAscii = false;
  let needless = false;
  let at = 1;
  for (; at < length; at++) {
    const code = target.charCodeAt(at);
    if (code === SLASH) {
      if (onlyDots && (dots === 1 || dots === 2)) return DOT_SEGMENT;
      // Many servers make one slash of two.
      if (target.charCodeAt(at - 1) === SLASH) return EMPTY_SEGMENT;
      dots = 0;
      onlyDots = true;
    } else if (code === DOT) {
      dots++;
    } else if (code === QUESTION_MARK) {
      break;
    } else if (code === PERCENT) {
      const byte = escaped(target, at + 1);
      if (byte < 0) return BROKEN_ENCODING;
      if (byte === SLASH || byte === BACKSLASH) return ENCODED_SLASH;
      if (byte < 0x20 || byte === 0x7f) return ENCODED_CONTROL;
      if (byte === PERCENT && escaped(target, at + 3) >= 0) return ENCODED_TWICE;
      if (byte === DOT) dots++;
      else onlyDots = false;
      if (byte >= 0x80) beyondAscii = true;
      else if (isUnreserved(byte)) needless = true;
      at += 2;
    } else if (code <= 0x20 || code >= 0x7f || code === BACKSLASH || code === HASH) {
      return RAW_CHARACTER;
    } else {
      // Some servers cut parameters off a segment: "..;x" is ".." to them.
      if (code === SEMICOLON && onlyDots && (dots === 1 || dots === 2)) return DOT_SEGMENT;
      onlyDots = false;
    }
  }
  if (onlyDots && (dots === 1 || dots === 2)) return DOT_SEGMENT;
  if (needless) return NEEDLESS_ENCODING;
  for (let rest = at; rest < length; rest++) {
    const code = target.charCodeAt(rest);
    if (code <= 0x20 || code >= 0x7f || code === HASH) return RAW_CHARACTER;
  }
  return beyondAscii && !isUtf8(target.slice(0, at)) ? BROKEN_ENCODING : at;
}

/** {@link pathLength} of what a request asks for, which gets the plain spelling of its path where that has several. */
export function readTarget(request: { url?: string | undefined }): number {
  const length = pathLength(request.url ?? '');
  if (length !== NEEDLESS_ENCODING) return length;
  request.url = withoutNeedlessEncoding(request.url ?? '');
  return pathLength(request.url);
}

const ENCODED = /%[0-9a-f]{2}/gi;

/** The same target with what needs no encoding in its path written out, as RFC 3986, 6.2.2.2 has it. */
export function withoutNeedlessEncoding(target: string): string {
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  const plain = path.replace(ENCODED, (encoded) => {
    const byte = Number.parseInt(encoded.slice(1), 16);
    return isUnreserved(byte) ? String.fromCharCode(byte) : encoded;
  });
  return query < 0 ? plain : plain + target.slice(query);
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
