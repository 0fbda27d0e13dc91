import { isPermission } from '@rookery/security';
import { z } from 'zod';

export const Username = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/)
  .meta({ example: 'ada' });

export const ClientId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
  .meta({ example: 'till' });

export const Roles = z.array(z.string().min(1).max(60)).max(50);

export const Permissions = z
  .array(z.string().refine(isPermission, 'a permission like order:create'))
  .max(100)
  .meta({ example: ['order:create'] });
