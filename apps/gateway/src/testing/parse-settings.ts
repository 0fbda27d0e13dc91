import { GatewaySettings } from '../settings.ts';

/** Settings as a spec writes them, read at once; wrong ones are refused with the path of each fault. */
export function parseSettings(data: unknown): GatewaySettings {
  const result = GatewaySettings.safeParse(data);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`);
  throw new Error(`The gateway's settings are refused. ${problems.join('; ')}.`);
}
