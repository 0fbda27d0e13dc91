import type { Tree } from '@nx/devkit';
import { routeProblem } from '../gateway/routes.ts';
import { contractProblem } from './contracts.ts';
import { itemProblem, nameProblem, type ServiceNames, serviceNames } from './service-names.ts';

/** What `nx g @rookery/nx:service` is given; see schema.json. */
export interface ServiceGeneratorOptions {
  name: string;
  item?: string;
  purpose?: string;
  grpc?: boolean;
  messaging?: boolean;
  database?: boolean;
  /** Anyone may read. */
  public?: boolean;
  /** For the platform only: no gateway leads there. */
  internal?: boolean;
  /** `/shop/**`: where the gateway serves it, instead of `/api/<name>`. */
  route?: string;
}

/** A service to be written, complete and free of contradictions. */
export interface NewService extends ServiceNames {
  packageName: string;
  root: string;
  purpose: string;
  grpc: boolean;
  messaging: boolean;
  database: boolean;
  isPublic: boolean;
  internal: boolean;
  route: string | undefined;
  /** Path of its controllers, without a slash at its end. */
  base: string;
  /** Folders of libs/ that it imports. */
  libraries: string[];
}

/** Checks everything before anything is written; throws one sentence. */
export function newService(tree: Tree, options: ServiceGeneratorOptions): NewService {
  const { name, item, grpc = false, messaging = false, database = false, internal = false, route } = options;
  const problem =
    nameProblem(name) ??
    (item && itemProblem(item, name)) ??
    existingProblem(tree, name) ??
    purposeProblem(options.purpose) ??
    (route === undefined ? undefined : routeProblem(tree, route, name)) ??
    (route && internal ? 'No gateway leads to an internal service: leave out --route or --internal.' : undefined);
  if (problem) throw new Error(problem);
  const spelled = serviceNames(name, item);
  const clash = contractProblem(tree, spelled, { grpc, messaging });
  if (clash) throw new Error(clash);
  return {
    ...spelled,
    packageName: `@rookery-apps/${name}`,
    root: `apps/${name}`,
    purpose: options.purpose?.trim() || `Keeps ${spelled.words}`,
    grpc,
    messaging,
    database,
    isPublic: options.public ?? false,
    internal,
    route,
    base: route?.replace('/**', '') ?? `/api/${name}`,
    libraries: [
      ...(grpc || messaging ? ['contracts'] : []),
      ...(database ? ['database'] : []),
      ...(internal ? ['discovery'] : []),
      ...(messaging ? ['messaging'] : []),
      'observability',
      'security',
      'service',
    ],
  };
}

function existingProblem(tree: Tree, name: string): string | undefined {
  const taken = ['apps', 'libs'].map((folder) => `${folder}/${name}`).find((path) => tree.exists(path));
  return taken && `${JSON.stringify(name)} is taken: ${taken} exists already.`;
}

const purposeProblem = (purpose: string | undefined): string | undefined =>
  purpose !== undefined && /[\r\n]/.test(purpose) ? 'The purpose must be one line.' : undefined;
