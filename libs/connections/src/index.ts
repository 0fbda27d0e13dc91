export { type BackOff, backOffMs } from './back-off.ts';
export type { ConnectionErrors } from './connection-errors.ts';
export { hideSecrets } from './hide-secrets.ts';
export { type Connected, KeptConnection, type Tenant } from './kept-connection.ts';
export type { ConnectionLog } from './log.ts';
export { reasonOf } from './network-reason.ts';
export { optionalClient } from './optional-client.ts';
export { type Endpoint, parseServerUrl, type ServerUrl, type ServerUrlForm, type TlsOptions } from './server-url.ts';
export { type UrlParameters, urlParameters } from './url-parameters.ts';
