import { names } from '@nx/devkit';

/** Every spelling of a service's name that its files use. */
export interface ServiceNames {
  /** `order-notes`: folder, name in the registry, path behind the gateway. */
  name: string;
  /** `OrderNotes` */
  className: string;
  /** `orderNotes` */
  propertyName: string;
  /** `order notes` */
  words: string;
  /** `order_notes`: its table. */
  table: string;
  /** `OrderNote`: one of what the service keeps. */
  Item: string;
  /** `orderNote` */
  item: string;
  /** `ORDER_NOTE`: start of its error codes. */
  ITEM: string;
  /** `order-note` */
  itemFile: string;
  /** `order-note.requested` */
  topic: string;
  /** `rookery.order_notes.v1` */
  protoPackage: string;
}

const KEBAB_CASE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** The name goes into DNS labels, database names and file names. */
const LONGEST = 40;

/** Names with a meaning of their own on a host, in a URL, in Postgres or in this workspace. */
const TAKEN = new Set(
  'admin api app apps docs health libs localhost metrics openapi platform postgres rookery root servers static template0 template1 tests'.split(
    ' ',
  ),
);

/** Identifiers that generated files import or that every file has, so that no generated type may have them. */
const IMPORTED = new Set(
  'ApiBearerAuth Body Controller Ctx Database EventPattern Generated Get Inject Injectable Kysely Message Migration Module Param Payload Post Principal Public Query RequiresPermissions Selectable Service'.split(
    ' ',
  ),
);

/** What is wrong with a name for a service, in one sentence; undefined for a good one. */
export function nameProblem(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '') return 'Give the service a name: npx nx g @rookery/nx:service reviews.';
  const shown = JSON.stringify(name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name);
  if (!KEBAB_CASE.test(name)) {
    return `${shown} is not a name for a service: use kebab-case, lower-case letters and digits with single dashes between, like order-notes.`;
  }
  if (name.length < 2 || name.length > LONGEST) {
    return `${shown} is not a name for a service: it must have 2 to ${LONGEST} characters.`;
  }
  if (TAKEN.has(name)) return `${shown} is reserved: choose a name that says what the service keeps, like reviews.`;
  return undefined;
}

/** What is wrong with a name for one of what the service keeps; undefined for a good one. */
export function itemProblem(item: string, name: string): string | undefined {
  if (!KEBAB_CASE.test(item))
    return `${JSON.stringify(item)} is not a name for an item: use kebab-case, like order-note.`;
  if (meansSomethingElse(item, name))
    return `${JSON.stringify(item)} has another meaning in the generated code: choose another --item.`;
  return undefined;
}

/** All spellings of a good name. */
export function serviceNames(name: string, item: string = itemOf(name)): ServiceNames {
  const { className, propertyName } = names(name);
  const one = names(item);
  return {
    name,
    className,
    propertyName,
    words: name.replaceAll('-', ' '),
    table: name.replaceAll('-', '_'),
    Item: one.className,
    item: one.propertyName,
    ITEM: one.constantName,
    itemFile: one.fileName,
    topic: `${one.fileName}.requested`,
    protoPackage: `rookery.${name.replaceAll('-', '_')}.v1`,
  };
}

/** `review` of `reviews`; `stock-entry` where the name has no plural to take off or one alone would mean something else. */
function itemOf(name: string): string {
  const singular = PLURALS.find(([plural]) => plural.test(name));
  const item = singular ? name.replace(singular[0], singular[1]) : name;
  return meansSomethingElse(item, name) ? `${item}-entry` : item;
}

const PLURALS: ReadonlyArray<readonly [RegExp, string]> = [
  [/([^aeiou])ies$/, '$1y'],
  [/(ss|x|ch|sh)es$/, '$1'],
  [/([^suia])s$/, '$1'],
];

function meansSomethingElse(item: string, name: string): boolean {
  const type = names(item).className;
  return item === name || type in globalThis || IMPORTED.has(type);
}
