import { Module } from '@nestjs/common';
import { DatabaseModule } from '@rookery/database';
import { SecurityModule } from '@rookery/security';
import { AccountsController } from './accounts/accounts.controller.ts';
import { Accounts } from './accounts/accounts.ts';
import { SignIn } from './accounts/sign-in.ts';
import { ClientsController } from './clients/clients.controller.ts';
import { Clients } from './clients/clients.ts';
import { SigningKeys } from './keys/signing-keys.ts';
import { migrations } from './migrations.ts';
import { CurrentProvider } from './provider/current-provider.ts';
import { Front } from './provider/front.ts';
import { Interactions } from './provider/interactions.ts';

/** The OpenID Connect provider. Its state is in Postgres only, so that any number of replicas can run. */
@Module({
  imports: [DatabaseModule.forRoot({ migrations }), SecurityModule.forRoot()],
  controllers: [AccountsController, ClientsController],
  providers: [Accounts, SignIn, Clients, SigningKeys, CurrentProvider, Interactions, Front],
})
export class AppModule {}
