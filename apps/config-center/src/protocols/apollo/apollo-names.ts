import { type Format, formatOfName } from '@rookery/config';
import { named, type Wanted } from '../../documents/documents.ts';
import type { EnvironmentModel } from '../../model/environment-model.ts';
import { chainOf } from '../../model/resolution.ts';

/** Where an Apollo namespace of an app is looked for: what is the app's own, and what is public. */
export interface ApolloWanted {
  readonly own: readonly Wanted[];
  readonly shared: readonly Wanted[];
  readonly format: Format;
}

/** The environment of Apollo's clients: Apollo has a server for each. */
export const APOLLO_ENVIRONMENT = 'default';
const MAIN = 'application';

/**
 * Where Apollo's names lie: the cluster is the group, then the data centre's, then `default`. The namespace `application`
 * of the app `orders` is the key `orders`; its namespace `mail` is `orders.mail`, laid over the public one, which is `mail`
 * unless that is declared to be of one app. What is declared associated has what it inherits in it already.
 */
export function apolloWanted(
  model: EnvironmentModel,
  appId: string,
  cluster: string,
  namespace: string,
  dataCentre?: string,
): ApolloWanted {
  const plain = namespace.replace(/\.properties$/i, '');
  const ending = formatOfName(plain);
  const isMain = (ending?.base ?? plain) === MAIN;
  const own = isMain ? appId + plain.slice(MAIN.length) : `${appId}.${plain}`;
  const groups = [...new Set([...chainOf(model, cluster), ...(dataCentre ? [dataCentre] : []), 'default'])];
  const in_ = (name: string) => groups.flatMap((group) => named(APOLLO_ENVIRONMENT, group, name));
  const kind = (name: string) => (model.namespaces.get(name) ?? model.namespaces.get(ending?.base ?? name))?.kind;
  const isOpen = kind(plain) === undefined || kind(plain) === 'public';
  const shared = isMain || !isOpen || kind(own) === 'associated' ? [] : in_(plain);
  return { own: in_(own), shared, format: ending?.format ?? 'properties' };
}
