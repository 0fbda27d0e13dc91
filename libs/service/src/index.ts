export { CONCERNS, type Concern } from './concerns.ts';
export { createService } from './create-service.ts';
export { setRoute } from './http/served-request.ts';
export type { ParentMessage } from './process/parent-channel.ts';
export type {
  GrpcOptions,
  OpenApiOptions,
  RawHandler,
  RunningService,
  ServiceOptions,
  ServiceUrls,
} from './service-options.ts';
export { readSettings } from './settings/read-settings.ts';
export { startService } from './start-service.ts';
