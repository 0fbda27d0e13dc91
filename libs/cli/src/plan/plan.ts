import { usage } from '../failure.ts';
import type { App } from '../workspace/projects.ts';

export interface PlanOptions {
  /** Names of the apps to start, with what they need; all when empty. */
  only?: readonly string[];
  /** Instances of an app, 1 when not named. */
  scale?: ReadonlyMap<string, number>;
  /** Needs that are met from outside (`DISCOVERY_URL` is set): they are not started for others. */
  external?: ReadonlySet<string>;
}

export interface PlannedApp {
  app: App;
  instances: number;
}

/** What to start, in the order in which apps need each other. */
export interface Plan {
  apps: readonly PlannedApp[];
  /** Whether the embedded Postgres is started. */
  postgres: boolean;
}

export const POSTGRES = 'postgres';
const REGISTRY = 'registry';
/** Each copy would keep a registry of its own. */
const SINGLE = new Set([REGISTRY]);

/** Decides what runs; throws one sentence where the options do not fit the apps. */
export function planStart(
  apps: readonly App[],
  { only = [], scale = new Map(), external = new Set() }: PlanOptions = {},
): Plan {
  const byName = new Map(apps.map((app) => [app.name, app]));
  const known = `The apps are ${[...byName.keys()].join(', ')}.`;
  for (const name of only) {
    if (!byName.has(name)) throw usage(`--only names "${name}", which is no app. ${known}`);
  }
  for (const [name, count] of scale) {
    if (!byName.has(name)) throw usage(`--scale names "${name}", which is no app. ${known}`);
    if (SINGLE.has(name) && count > 1) throw usage(`--scale ${name}=${count}: ${name} runs once.`);
  }

  const chosen = new Set<App>();
  let postgres = false;
  const choose = (app: App) => {
    if (chosen.has(app)) return;
    for (const need of app.app.needs) {
      if (need === POSTGRES) postgres = true;
      else if (!external.has(need)) choose(neededBy(app, need, byName));
    }
    chosen.add(app);
  };
  const named =
    only.length > 0 ? only.flatMap((name) => byName.get(name) ?? []) : apps.filter(({ name }) => !external.has(name));
  named.forEach(choose);

  for (const name of scale.keys()) {
    if (![...chosen].some((app) => app.name === name)) throw usage(`--scale names ${name}, which --only leaves out.`);
  }
  return {
    apps: [...chosen].map((app) => ({ app, instances: scale.get(app.name) ?? 1 })),
    postgres: postgres && !external.has(POSTGRES),
  };
}

function neededBy(app: App, need: string, byName: ReadonlyMap<string, App>): App {
  const needed = byName.get(need);
  if (!needed) throw usage(`${app.name} needs "${need}" (apps/${app.name}/package.json), which is no app.`);
  return needed;
}

/** Groups that stop one after another: an app stops before what it needs, the registry and the database last of all. */
export function stopOrder(apps: readonly App[]): string[][] {
  const remaining = new Set(apps);
  const groups: string[][] = [];
  while (remaining.size > 0) {
    const needed = new Set([...remaining].flatMap((app) => app.app.needs));
    const free = [...remaining].filter((app) => !needed.has(app.name));
    const group = free.length > 0 ? free : [...remaining];
    groups.push(group.map((app) => app.name).filter((name) => name !== REGISTRY));
    for (const app of group) remaining.delete(app);
  }
  // Every service takes itself out of the registry when it stops.
  return [...groups.filter((group) => group.length > 0), [REGISTRY], [POSTGRES]];
}
