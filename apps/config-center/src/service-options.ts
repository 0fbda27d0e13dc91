import type { ServiceOptions } from '@rookery/service';

/** How this app runs; its own settings cannot come from itself. */
export const serviceOptions: ServiceOptions = {
  name: 'config-center',
  description: 'Versioned settings per namespace, group and service, pushed to the services that watch them.',
  without: ['config', 'grpc', 'messaging'],
};
