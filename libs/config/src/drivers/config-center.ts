import type { ConfigSource } from '../config.ts';

export interface ConfigCenterOptions {
  url: string;
  service: string;
  instance: string;
  home: string;
  onWaiting?: (reason: string) => void;
}

/** Placeholder until the next commit. */
export function configCenterSource({ url }: ConfigCenterOptions): ConfigSource {
  return { name: `config-center ${url}`, load: async () => ({ version: 0, settings: {} }), close: async () => {} };
}
