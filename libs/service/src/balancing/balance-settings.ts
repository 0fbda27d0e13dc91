import {
  type DynamicModule,
  Inject,
  Injectable,
  Module,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ConfigModule, Settings } from '@rookery/config';
import { BalanceSettings, Upstreams } from '@rookery/discovery';
import { z } from 'zod';

/**
 * How calls to other services are spread: the section `balance` of a service's settings, by the name of who is called. A
 * wrong one is refused, and what held before goes on.
 */
export class Balances extends Settings(z.record(z.string(), BalanceSettings).default({}), { section: 'balance' }) {}

/** Puts each release of it in force. */
@Injectable()
class BalanceLoader implements OnModuleInit, OnModuleDestroy {
  #stop: (() => void) | undefined;

  constructor(
    @Inject(Balances) private readonly settings: Balances,
    @Inject(Upstreams) private readonly upstreams: Upstreams,
  ) {}

  onModuleInit(): void {
    this.upstreams.useBalances(this.settings.value);
    this.#stop = this.settings.onChange((balances) => this.upstreams.useBalances(balances));
  }

  onModuleDestroy(): void {
    this.#stop?.();
  }
}

@Module({})
class BalanceModule {}

/** For an application that has settings and calls others by the registry. */
export const balanceModule = (): DynamicModule => ({
  module: BalanceModule,
  imports: [ConfigModule.forFeature(Balances)],
  providers: [BalanceLoader],
});
