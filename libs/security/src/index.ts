export { undeclaredHandlers } from './nest/declaration-check.ts';
export { Authenticated, FromBus, Public, RequiresPermissions, RequiresRoles } from './nest/decorators.ts';
export { SecurityModule } from './nest/security.module.ts';
export { implies, isPermission } from './permissions/wildcard.ts';
export { PLATFORM_AUDIENCE, readTokenSettings, type TokenSettings } from './settings.ts';
export { IssuerKeys, type IssuerKeysOptions } from './token/issuer-keys.ts';
export { type KeySource, TokenVerifier } from './token/token-verifier.ts';
export type { VerifiedToken } from './token/verified-token.ts';
