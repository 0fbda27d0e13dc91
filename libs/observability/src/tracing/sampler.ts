import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { RookeryError } from '../errors/rookery-error.ts';

const ROOTS = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio: number) => new TraceIdRatioBasedSampler(ratio),
};
const PARENT_BASED = 'parentbased_';

/** Which traces are kept, by the variables OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG; all when not set. */
export function readSampler(environment: Readonly<Record<string, string | undefined>>): Sampler {
  const name = environment.OTEL_TRACES_SAMPLER || 'parentbased_always_on';
  const isParentBased = name.startsWith(PARENT_BASED);
  const root = ROOTS[(isParentBased ? name.slice(PARENT_BASED.length) : name) as keyof typeof ROOTS];
  const ratio = Number(environment.OTEL_TRACES_SAMPLER_ARG || 1);
  if (!root) {
    const names = Object.keys(ROOTS).flatMap((each) => [each, PARENT_BASED + each]);
    throw new RookeryError('OTEL_SAMPLER', `OTEL_TRACES_SAMPLER is ${name}: expected one of ${names.join(', ')}.`);
  }
  if (!(ratio >= 0 && ratio <= 1))
    throw new RookeryError('OTEL_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1.');
  return isParentBased ? new ParentBasedSampler({ root: root(ratio) }) : root(ratio);
}
