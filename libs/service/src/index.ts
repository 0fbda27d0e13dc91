export { CONCERNS, type Concern } from './concerns.ts';
export type { ParentMessage } from './process/parent-channel.ts';
export type {
  GrpcOptions,
  OpenApiOptions,
  RawHandler,
  RunningService,
  ServiceOptions,
  ServiceUrls,
} from './service-options.ts';
export { startService } from './start-service.ts';
