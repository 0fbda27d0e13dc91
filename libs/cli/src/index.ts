export { accessToken } from './commands/token.ts';
export { authClientsFile, DEV_CLIENT } from './home/auth-clients.ts';
export type { ControlVerb } from './home/control.ts';
export { sendControl } from './home/control.ts';
export { isAlive } from './home/process-identity.ts';
export {
  type InstanceState,
  type PlatformSecrets,
  type PlatformState,
  readSecrets,
  readState,
  writeSecrets,
  writeState,
} from './home/state-file.ts';
export { variablePrefix } from './plan/ports.ts';
export type { ProcessState } from './platform/managed-process.ts';
export type { ChildMessage, ServiceUrls } from './platform/messages.ts';
export { postmasterPid } from './postgres/orphan.ts';
export { dataFolder } from './postgres/password.ts';
