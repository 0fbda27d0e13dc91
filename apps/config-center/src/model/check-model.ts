import { errors } from '../errors.ts';
import type { EnvironmentModel } from './environment-model.ts';
import { isEndless } from './resolution.ts';

/** Refuses a model that cannot be resolved. */
export function checkModel(model: EnvironmentModel): void {
  for (const [group] of model.groups) {
    if (isEndless(model, group)) {
      throw errors.modelInvalid(`The group ${group} falls back to itself, or over more than ten others`);
    }
  }
  for (const [name, { kind, app, inherits }] of model.namespaces) {
    if (kind === 'public') {
      if (app !== null || inherits !== null)
        throw errors.modelInvalid(`The public namespace ${name} has no app and inherits nothing`);
      continue;
    }
    if (app === null || (name !== app && !name.startsWith(`${app}.`))) {
      throw errors.modelInvalid(
        `The ${kind} namespace ${name} must be named like its app, or begin with that and a dot`,
      );
    }
    if ((kind === 'associated') !== (inherits !== null)) {
      throw errors.modelInvalid(`An associated namespace inherits a public one, a private one nothing: ${name}`);
    }
    if (inherits !== null && model.namespaces.get(inherits)?.kind !== 'public') {
      throw errors.modelInvalid(`${name} can only inherit what is declared public; ${inherits} is not`);
    }
  }
}
