const ANY = '*';
const MAX_CHARACTERS = 200;
const PART = /^(?:\*|[a-z0-9_.-]+(?:,[a-z0-9_.-]+)*)$/i;

/** Whether a text is a permission: parts divided by `:`, each `*` or names divided by `,`. */
export function isPermission(text: string): boolean {
  return text.length <= MAX_CHARACTERS && text.split(':').every((part) => PART.test(part));
}

/**
 * Whether who was granted `granted` may do `required`, by the rules of Apache Shiro's WildcardPermission: `order:create`,
 * `order:create,show`, `order:*:42`; upper and lower case are the same; a grant that ends early covers all that is below it
 * (`order` grants `order:create`), and further parts of a grant must be `*` (`order:*` grants `order`). What is no permission
 * grants nothing, and is granted by nothing.
 */
export function implies(granted: string, required: string): boolean {
  if (!isPermission(granted) || !isPermission(required)) return false;
  const grants = partsOf(granted);
  const needs = partsOf(required);
  for (const [index, need] of needs.entries()) {
    const grant = grants[index];
    if (!grant) return true;
    if (!grant.has(ANY) && ![...need].every((name) => grant.has(name))) return false;
  }
  return grants.slice(needs.length).every((grant) => grant.has(ANY));
}

const partsOf = (permission: string): ReadonlySet<string>[] =>
  permission
    .toLowerCase()
    .split(':')
    .map((part) => new Set(part.split(',')));
