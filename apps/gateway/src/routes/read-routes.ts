import { setImmediate as turn } from 'node:timers/promises';
import { freeze } from '@rookery/config';
import { z } from 'zod';
import { DEFAULT_ROUTES, MAX_ROUTES, Route, Routes, withoutDoubles } from './route.ts';
import { inSlices, type Steps } from './steps.ts';

/** Says what is wrong with what is no list of routes at all; it takes milliseconds for a long one, so that only such are asked. */
const List = z.array(z.unknown()).max(MAX_ROUTES);

/**
 * Routes as {@link Routes} reads them, but a few at a time, so that very many do not hold the process up; those that are as
 * they were the last time are the same objects, and cost next to nothing.
 */
export function routesInSlices(): z.ZodType<Routes> {
  let known: ReadonlyMap<string, Route> = new Map();
  return z
    .unknown()
    .prefault(() => DEFAULT_ROUTES.map((route) => ({ ...route })))
    .transform(async (given, context): Promise<Routes> => {
      if (!Array.isArray(given) || given.length > MAX_ROUTES) {
        for (const issue of List.safeParse(given).error?.issues ?? [])
          context.issues.push({ ...issue, input: given } as never);
        return z.NEVER;
      }
      // The text they stood in was parsed in this turn of the loop, in one piece.
      await turn();
      const read = new Map<string, Route>();
      const routes = await inSlices(reading(given, known, read, context));
      known = read;
      return routes ?? z.NEVER;
    })
    .superRefine((routes, context) => inSlices(withoutDoubles(routes, context)));
}

function* reading(
  given: readonly unknown[],
  known: ReadonlyMap<string, Route>,
  read: Map<string, Route>,
  context: z.core.$RefinementCtx<unknown>,
): Steps<Routes | undefined> {
  const routes: Route[] = [];
  for (const [at, one] of given.entries()) {
    const text = JSON.stringify(one);
    let route = known.get(text);
    if (!route) {
      const result = Route.safeParse(one);
      if (result.success) route = freeze(result.data);
      else
        for (const issue of result.error.issues)
          context.issues.push({ ...issue, path: [at, ...issue.path], input: one } as never);
    }
    if (route) {
      read.set(text, route);
      routes.push(route);
    }
    yield;
  }
  return routes.length === given.length ? routes : undefined;
}
