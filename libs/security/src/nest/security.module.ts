import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { readTokenSettings, type TokenSettings } from '../settings.ts';
import { IssuerKeys } from '../token/issuer-keys.ts';
import { TokenVerifier } from '../token/token-verifier.ts';
import { AccessGuard } from './access.guard.ts';
import { DeclarationCheck } from './declaration-check.ts';
import { PrincipalInterceptor } from './principal.interceptor.ts';
import { VerifiedCalls } from './verified-calls.ts';

/** Access checks for every handler of an application, on all its transports. */
@Module({})
export class SecurityModule {
  /** Whose tokens are taken is read from the environment (AUTH_ISSUER_URL, AUTH_AUDIENCE) where it is not given. */
  static forRoot(settings?: Partial<TokenSettings>): DynamicModule {
    return {
      module: SecurityModule,
      global: true,
      providers: [
        {
          provide: TokenVerifier,
          useFactory: () => {
            const used = { ...readTokenSettings(), ...settings };
            if (settings?.issuer && !settings.issuerAddress) used.issuerAddress = settings.issuer;
            return new TokenVerifier(used, new IssuerKeys(used));
          },
        },
        VerifiedCalls,
        DeclarationCheck,
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_INTERCEPTOR, useClass: PrincipalInterceptor },
      ],
      exports: [TokenVerifier, VerifiedCalls],
    };
  }
}
