export { CONCERNS, type Concern } from './concerns.ts';
export { createService } from './create-service.ts';
export { EVENT_STREAM, EventChannel, type EventChannelOptions } from './http/event-channel.ts';
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
