import { INTERNAL } from '@rookery/discovery';
import type { ServiceOptions } from '@rookery/service';

/** How this app runs; its own settings cannot come from itself. */
export const serviceOptions: ServiceOptions = {
  name: 'config-center',
  description: 'Versioned settings per namespace, group and service, pushed to the services that watch them.',
  // Whoever may publish settings steers every service; nobody does so through the gateway.
  metadata: INTERNAL,
  // Its own API is below /api/config-center; those that foreign clients speak stand where they expect them.
  prefix: false,
  without: ['config', 'grpc', 'messaging'],
};
