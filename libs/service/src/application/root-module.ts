import { type DynamicModule, Module, type Type } from '@nestjs/common';
import {
  type Health,
  type Logger,
  type Metrics,
  ObservabilityModule,
  type ServiceIdentity,
} from '@rookery/observability';
import type { Concern } from '../concerns.ts';
import { importedModules } from './module-tree.ts';

@Module({})
class ServiceModule {}

export interface RootModuleOptions {
  identity: ServiceIdentity;
  logger: Logger;
  health: Health;
  metrics: Metrics;
  discoveryUrl: string | undefined;
  tokenServerUrl: string | undefined;
  isOn: (concern: Concern) => boolean;
}

/** The application's module with the modules of the concerns around it. A concern it imports by itself is left to it. */
export async function rootModule(
  application: Type,
  { identity, logger, health, metrics, discoveryUrl, tokenServerUrl, isOn }: RootModuleOptions,
): Promise<DynamicModule> {
  const present = await importedModules(application);
  const imports: DynamicModule['imports'] = [ObservabilityModule.forRoot({ identity, logger, health, metrics })];
  if (isOn('discovery') && !present.has('DiscoveryModule')) {
    const { DiscoveryModule } = await import('@rookery/discovery');
    const upstreams = { identity: identity.instance, zone: identity.zone };
    imports.push(DiscoveryModule.forRoot({ ...(discoveryUrl !== undefined && { url: discoveryUrl }), upstreams }));
  }
  if (isOn('config') && present.has('SettingsModule') && !present.has('ConfigModule')) {
    const { ConfigModule } = await import('@rookery/config');
    imports.push(ConfigModule.forRoot({ service: identity.name }));
  }
  const settings = isOn('config') ? settingsOf(present) : 'none';
  if (isOn('discovery') && settings === 'own') {
    const { balanceModule } = await import('../balancing/balance-settings.ts');
    imports.push(balanceModule());
  }
  if (!isOn('resilience') || present.has('ResilienceModule')) {
    return { module: ServiceModule, imports: [...imports, application] };
  }
  const { resilienceModules } = await import('../resilience/resilience-modules.ts');
  const resilience = await resilienceModules({ service: identity.name, settings, tokenServerUrl, logger });
  return { module: ServiceModule, imports: [...imports, application, ...resilience] };
}

/** Where settings come from: the application reads its own, or there is a place for them. One without settings does not look for a configuration centre that nobody named. */
function settingsOf(present: ReadonlySet<string>): 'own' | 'followed' | 'none' {
  if (present.has('SettingsModule') || present.has('ConfigModule')) return 'own';
  return process.env.CONFIG_URL || process.env.CONFIG_FILE ? 'followed' : 'none';
}
