import { type Format, formatOfName } from '@rookery/config';
import { named, type Wanted } from '../../documents/documents.ts';

/** Where an Apollo namespace of an app is looked for: what is the app's own, and what is public. */
export interface ApolloWanted {
  readonly own: readonly Wanted[];
  readonly shared: readonly Wanted[];
  readonly format: Format;
}

/** Of ours: Apollo's are keys in it. */
export const APOLLO_NAMESPACE = 'default';
const MAIN = 'application';

/**
 * Where Apollo's names lie: the cluster is the group, then the data centre's, then `default`. The namespace `application`
 * of the app `orders` is the key `orders`; its namespace `mail` is `orders.mail`, laid over the public one, which is `mail`.
 */
export function apolloWanted(appId: string, cluster: string, namespace: string, dataCentre?: string): ApolloWanted {
  const plain = namespace.replace(/\.properties$/i, '');
  const ending = formatOfName(plain);
  const isMain = (ending?.base ?? plain) === MAIN;
  const own = isMain ? appId + plain.slice(MAIN.length) : `${appId}.${plain}`;
  const groups = [...new Set([cluster, ...(dataCentre ? [dataCentre] : []), 'default'])];
  const in_ = (name: string) => groups.flatMap((group) => named(APOLLO_NAMESPACE, group, name));
  return { own: in_(own), shared: isMain ? [] : in_(plain), format: ending?.format ?? 'properties' };
}
