import type { Tree } from '@nx/devkit';
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
}

/** A service to be written, complete and free of contradictions. */
export interface NewService extends ServiceNames {
  packageName: string;
  root: string;
  purpose: string;
  grpc: boolean;
  messaging: boolean;
  database: boolean;
  /** Folders of libs/ that it imports. */
  libraries: string[];
}

/** Checks everything before anything is written; throws one sentence. */
export function newService(tree: Tree, options: ServiceGeneratorOptions): NewService {
  const { name, item, grpc = false, messaging = false, database = false } = options;
  const problem =
    nameProblem(name) ??
    (item && itemProblem(item, name)) ??
    existingProblem(tree, name) ??
    purposeProblem(options.purpose);
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
    libraries: [
      ...(grpc || messaging ? ['contracts'] : []),
      ...(database ? ['database'] : []),
      ...(messaging ? ['messaging'] : []),
      'observability',
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
