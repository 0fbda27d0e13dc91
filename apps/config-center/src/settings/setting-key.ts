import { z } from 'zod';

const name = (example: string) =>
  z
    .string()
    .max(200)
    .regex(/^[A-Za-z0-9][\w.:+-]*$/, 'letters, digits and . _ : + -, beginning with a letter or digit, at most 200')
    .meta({ example });

/** Whose settings: every key of the three has versions of its own. */
export const SettingKey = z.object({
  namespace: name('default'),
  group: name('default'),
  service: name('orders'),
});

export type SettingKey = z.output<typeof SettingKey>;

/** A key as one text, for maps and notifications. */
export const keyText = ({ namespace, group, service }: SettingKey): string => `${namespace}/${group}/${service}`;

/** The rows of a key. */
export const rowsOf = ({ namespace, group, service }: SettingKey) => ({ namespace, group_name: group, service });
