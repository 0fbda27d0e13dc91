import { type FlatHeaders, headerOf, removeHeader, setHeader } from '../../request/flat-headers.ts';
import type { Route } from '../../routes/route.ts';
import type { Call } from '../filter.ts';
import { compileTemplate } from '../template.ts';
import type { HeaderSettings } from './header-settings.ts';

/** Header changes as one function: renamed first, then removed, set, added, and what is missing put in. */
export function compileHeaders(settings: HeaderSettings, route: Route): (call: Call, headers: FlatHeaders) => void {
  const compiled = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([name, value]) => ({ name, valueFor: compileTemplate(value, route) }));
  const map = Object.entries(settings.map);
  const [set, add, missing] = [compiled(settings.set), compiled(settings.add), compiled(settings.default)];
  return (call, headers) => {
    for (const [from, to] of map) {
      const value = headerOf(headers, from);
      if (value === undefined) continue;
      removeHeader(headers, from);
      setHeader(headers, to, value);
    }
    for (const name of settings.remove) removeHeader(headers, name);
    for (const { name, valueFor } of set) setHeader(headers, name, valueFor(call));
    for (const { name, valueFor } of add) headers.push(name, valueFor(call));
    for (const { name, valueFor } of missing) {
      if (headerOf(headers, name) === undefined) headers.push(name, valueFor(call));
    }
  };
}
