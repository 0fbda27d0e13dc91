import type { ConfigSource } from '@rookery/config';
import { RookeryError } from '@rookery/observability';

/**
 * A source that may be away at the start: its settings come in when it answers. The gateway must not wait for the
 * configuration centre, through which people mend it.
 */
export function lateSource(source: ConfigSource, onAway: (problem: RookeryError) => void): ConfigSource {
  const { watch, lastApplied, report } = source;
  return {
    name: source.name,
    async load() {
      try {
        return await source.load();
      } catch (error) {
        if (!(error instanceof RookeryError) || error.code !== 'CONFIG_UNREACHABLE') throw error;
        onAway(error);
        return { version: 0, settings: {} };
      }
    },
    ...(watch && { watch: watch.bind(source) }),
    ...(lastApplied && { lastApplied: lastApplied.bind(source) }),
    ...(report && {
      // Version 0 is what we began with, not a release of the source.
      report: async (applied) => {
        if (applied.version > 0) await report.call(source, applied);
      },
    }),
    close: () => source.close(),
  };
}
