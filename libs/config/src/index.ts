export { ConfigModule, type ConfigModuleOptions } from './config.module.ts';
export type { AppliedReport, ConfigSource, SettingsTree, Snapshot } from './config.ts';
export { ConfigHub, type HubOptions, type Rejection } from './config-hub.ts';
export { type ConfigOptions, createConfig } from './create-config.ts';
export { environmentSource } from './drivers/environment.ts';
export { type ChangeListener, LiveConfig, type LiveState } from './live-config.ts';
export { DEFAULT_CONFIG_URL, type OpenOptions, openConfigSource, openConfigSources } from './open-sources.ts';
export { parseSettings } from './parse-settings.ts';
export { Settings, type SettingsClass } from './settings.ts';
