export { Barrier, type BarrierOptions } from './barrier.ts';
export { Candidacy, type Lead } from './candidacy.ts';
export { type AcquireOptions, Coordination, type Holder, type Lock } from './coordination.ts';
export { Counter } from './counter.ts';
export { type CoordinationOptions, createCoordination } from './create-coordination.ts';
export { CoordinationModule, type CoordinationModuleOptions } from './nest/coordination.module.ts';
