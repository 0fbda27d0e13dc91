import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, messageOf } from '../failure.ts';

/** What an app's package.json says about itself under `rookery`. */
export interface AppFacts {
  purpose: string;
  /** The port it listens on unless `<APP>_PORT` says otherwise; without one it takes any free port. */
  port?: number;
  needs: readonly string[];
}

/** One folder of apps/ or libs/. */
export interface Project {
  /** Name of the package, `@rookery/discovery`. */
  packageName: string;
  /** Folder name, `discovery`. */
  name: string;
  directory: string;
  kind: 'app' | 'lib';
  /** Package names of the workspace projects that it imports. */
  dependencies: readonly string[];
  /** Set where the project is an app of the platform. */
  app?: AppFacts;
}

/** A project that the platform can start. */
export type App = Project & { app: AppFacts };

/** Reads apps/* and libs/* of a workspace; a folder without package.json is none of its projects. */
export function readProjects(root: string): Project[] {
  const found = [...projectsIn(root, 'apps', 'app'), ...projectsIn(root, 'libs', 'lib')];
  const known = new Set(found.map((project) => project.packageName));
  return found.map((project) => ({ ...project, dependencies: project.dependencies.filter((name) => known.has(name)) }));
}

/** The apps among them, by name. */
export function appsOf(projects: readonly Project[]): App[] {
  return projects.filter((project): project is App => project.app !== undefined);
}

function projectsIn(root: string, folder: string, kind: Project['kind']): Project[] {
  const parent = join(root, folder);
  if (!existsSync(parent)) return [];
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(parent, entry.name, 'package.json')))
    .map((entry) => readProject(join(parent, entry.name), entry.name, kind))
    .sort((a, b) => a.name.localeCompare(b.name));
}

function readProject(directory: string, name: string, kind: Project['kind']): Project {
  const file = join(directory, 'package.json');
  let manifest: Record<string, unknown>;
  try {
    manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new Failure(`${file} is not valid JSON: ${messageOf(error)}`);
  }
  const app = kind === 'app' ? appFacts(manifest.rookery, file) : undefined;
  return {
    packageName: typeof manifest.name === 'string' ? manifest.name : name,
    name,
    directory,
    kind,
    dependencies: Object.keys((manifest.dependencies as Record<string, string> | undefined) ?? {}),
    ...(app && { app }),
  };
}

function appFacts(field: unknown, file: string): AppFacts | undefined {
  if (field === undefined) return undefined;
  const { purpose = '', port, needs = [] } = field as Partial<AppFacts>;
  const wrong =
    typeof purpose !== 'string'
      ? 'rookery.purpose must be text'
      : port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)
        ? 'rookery.port must be a number from 1 to 65535'
        : !Array.isArray(needs) || needs.some((need) => typeof need !== 'string')
          ? 'rookery.needs must be a list of names'
          : undefined;
  if (wrong) throw new Failure(`${file}: ${wrong}.`);
  return { purpose, needs, ...(port !== undefined && { port }) };
}
