export { ConfigModule, type ConfigModuleOptions } from './config.module.ts';
export type { AppliedReport, ConfigSource, SettingsTree, Snapshot } from './config.ts';
export { Config, type ConfigDecoratorOptions, type Live, settingsOf } from './config-decorator.ts';
export { ConfigHub, type HubOptions, type Rejection } from './config-hub.ts';
export { type ConfigOptions, createConfig } from './create-config.ts';
export { environmentSource } from './drivers/environment.ts';
export { type KeyRing, readKeyRing } from './encryption/key-ring.ts';
export {
  hasSealed,
  MASK,
  mapTexts,
  masked,
  type Origin,
  openSealed,
  openTree,
  type Scalar,
  seal,
  sealOf,
} from './encryption/sealed-value.ts';
export { type FlatSettings, flatten, unflatten } from './formats/flatten.ts';
export { FORMATS, type Format, formatOfName } from './formats/format.ts';
export { parseFormat } from './formats/parse-format.ts';
export { writeFormat, writeProperties } from './formats/write-format.ts';
export { type ChangeListener, LiveConfig, type LiveState } from './live-config.ts';
export { freeze, layOver } from './merge.ts';
export { DEFAULT_CONFIG_URL, type OpenOptions, openConfigSource, openConfigSources } from './open-sources.ts';
export { parseSettings } from './parse-settings.ts';
export { Settings, type SettingsClass } from './settings.ts';
