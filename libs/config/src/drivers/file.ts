import type { ConfigSource } from '../config.ts';

/** Placeholder until the next commit. */
export function fileSource(path: string, _service: string): ConfigSource {
  return { name: `file ${path}`, load: async () => ({ version: 0, settings: {} }), close: async () => {} };
}
