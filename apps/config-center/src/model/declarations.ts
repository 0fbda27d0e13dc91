import { z } from 'zod';
import { SettingKey } from '../settings/setting-key.ts';
import { KINDS, RESOLVERS } from './environment-model.ts';

const { namespace: environment, group, service: name } = SettingKey.shape;
const description = z.string().trim().max(1_000).nullable().default(null);

export const EnvironmentParam = z.object({ environment });
export const GroupParam = z.object({ environment, group });
export const NamespaceParam = z.object({ environment, name });

export const EnvironmentBody = z.strictObject({ description }).prefault({});

export const GroupBody = z
  .strictObject({
    fallsBackTo: group.nullable().default(null).meta({
      description:
        'The group whose settings hold for every namespace that this one does not write: a cluster of Apollo.',
    }),
    description,
  })
  .prefault({});

export const NamespaceBody = z.strictObject({
  kind: z.enum(KINDS).meta({
    description: '`private`: of one app; `public`: others may inherit it; `associated`: of one app, over a public one.',
  }),
  app: name
    .nullable()
    .default(null)
    .meta({ description: 'Whose it is; the name is that, or begins with it and a dot.' }),
  inherits: name.nullable().default(null).meta({ description: 'The public namespace below an associated one.' }),
  placeholders: z.enum(RESOLVERS).nullable().default(null).meta({
    description: 'Who resolves ${key:default}: the centre with each release, or the clients. Null: it is text.',
  }),
  description,
});

const Declared = { description: z.string().nullable(), author: z.string().nullable() };

export const Group = z.object({
  name: z.string(),
  declared: z.boolean(),
  chain: z.array(z.string()).meta({ description: 'Where a namespace is looked for, nearest first.' }),
  fallsBackTo: z.string().nullable(),
  ...Declared,
});

export const Namespace = z.object({
  name: z.string(),
  kind: z.enum(KINDS).nullable().meta({ description: 'Null for one that is not declared.' }),
  app: z.string().nullable(),
  inherits: z.string().nullable(),
  placeholders: z.enum(RESOLVERS).nullable(),
  ...Declared,
  versions: z
    .record(z.string(), z.number().int())
    .meta({ description: 'The newest version by group, also those that only follow from others.' }),
});

export const Environment = z.object({ name: z.string(), declared: z.boolean(), ...Declared });

export const Environments = z.object({ items: z.array(Environment) });

export const EnvironmentDetail = Environment.extend({ groups: z.array(Group), namespaces: z.array(Namespace) });

export type EnvironmentDetail = z.output<typeof EnvironmentDetail>;
