/** What Nacos calls a service: a name in a group in a namespace. */
export interface NacosName {
  namespace: string;
  group: string;
  service: string;
}

export const PUBLIC = 'public';
export const DEFAULT_GROUP = 'DEFAULT_GROUP';
export const DEFAULT_CLUSTER = 'DEFAULT';
/** Nacos' own, between a group and a service; neither may hold it. */
const BETWEEN = '@@';

/** As Nacos' clients write it: `DEFAULT_GROUP@@orders`. */
export const groupedName = ({ group, service }: Omit<NacosName, 'namespace'>): string => group + BETWEEN + service;

/**
 * The name that the service has for all other protocols: its own where namespace and group are those that nobody names,
 * else with its group, or its namespace and its group, before it. Such a service is another one, as it is in Nacos.
 */
export function registryName(name: NacosName): string {
  if (name.namespace !== PUBLIC) return name.namespace + BETWEEN + groupedName(name);
  return name.group === DEFAULT_GROUP ? name.service : groupedName(name);
}

/** The other way: what Nacos' clients call a service of the registry. */
export function nacosName(registered: string): NacosName {
  const [service = '', group = DEFAULT_GROUP, namespace = PUBLIC] = registered.split(BETWEEN).reverse();
  return { namespace, group, service };
}

/** `GROUP@@service`, as v1 of the API has it, or the name alone, whose group is said apart. */
export function splitName(name: string, group: string | undefined): Omit<NacosName, 'namespace'> {
  const at = name.indexOf(BETWEEN);
  if (at > 0) return { group: name.slice(0, at), service: name.slice(at + BETWEEN.length) };
  return { group: group || DEFAULT_GROUP, service: name };
}
