import { RookeryError } from '@rookery/observability';
import type { Route } from '../routes/route.ts';
import type { Call } from './filter.ts';

/** What a template may name beside the names in the route's path. */
const KNOWN: Readonly<Record<string, (call: Call) => string>> = {
  clientAddress: (call) => call.clientAddress,
  host: (call) => call.host,
  requestId: (call) => call.requestId,
  traceId: (call) => call.traceId,
  service: (call) => call.service,
};

const NAME = /\{([a-zA-Z][a-zA-Z0-9]*)\}/g;

/**
 * A text with `{name}` in it, as a function of the call: a name of the route's path stands for what is there, still
 * encoded. Throws where a name is not known.
 */
export function compileTemplate(text: string, route: Route): (call: Call) => string {
  const inPath = new Set(Array.from(route.path.matchAll(NAME), ([, name]) => name));
  const parts: (string | ((call: Call) => string))[] = [];
  let at = 0;
  for (const found of text.matchAll(NAME)) {
    const name = found[1] as string;
    const known = inPath.has(name) ? (call: Call) => call.params[name] ?? '' : KNOWN[name];
    if (!known) {
      const names = [...inPath, ...Object.keys(KNOWN)].join(', ');
      throw new RookeryError('GATEWAY_SETTINGS', `{${name}} stands for nothing here: expected one of ${names}`);
    }
    parts.push(text.slice(at, found.index), known);
    at = found.index + found[0].length;
  }
  parts.push(text.slice(at));
  const [only] = parts;
  if (parts.length === 1 && typeof only === 'string') return () => only;
  return (call) => parts.map((part) => (typeof part === 'string' ? part : part(call))).join('');
}
