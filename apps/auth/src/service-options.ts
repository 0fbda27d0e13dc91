import type { ServiceOptions } from '@rookery/service';
import { Front } from './provider/front.ts';

/** How this app runs: below `/auth` the provider, below `/api/auth` its administration. */
export const serviceOptions: ServiceOptions = {
  name: 'auth',
  description: 'OpenID Connect: people sign in, programs get tokens.',
  without: ['config', 'grpc', 'messaging'],
  rawHandler: (app) => app.get(Front).open(),
};
