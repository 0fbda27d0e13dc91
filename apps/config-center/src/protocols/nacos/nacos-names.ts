import { type Domain, domainOf } from '../../access/domain.ts';
import { named, type Wanted } from '../../documents/documents.ts';

/**
 * Where Nacos' names lie: the tenant is the namespace (`public` is ours `default`), `DEFAULT_GROUP` is `default`, and the
 * data id `orders.yaml` is the key of that name, or else the settings of `orders`, as YAML.
 */
export function nacosWanted(dataId: string, group: string | undefined, tenant: string | undefined): Wanted[] {
  return named(
    nacosNamespace(tenant),
    group === undefined || group === '' || group === 'DEFAULT_GROUP' ? 'default' : group,
    dataId,
  );
}

/** The namespace of ours that a tenant is. */
export const nacosNamespace = (tenant: string | undefined): string =>
  tenant === undefined || tenant === '' || tenant === 'public' ? 'default' : tenant;

/** What a document belongs to, by who may what. */
export const nacosDomain = (dataId: string | undefined, tenant: string | undefined): Domain =>
  domainOf({ namespace: nacosNamespace(tenant), service: dataId ?? '' });
