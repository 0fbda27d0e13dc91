import { forwardRef, Module } from '@nestjs/common';
import { ConfigModule } from '@rookery/config';
import { DiscoveryModule } from '@rookery/discovery';
import { MessagingModule } from '@rookery/messaging';
import { describe, expect, it } from 'vitest';
import { importedModules } from './module-tree.ts';

@Module({ imports: [forwardRef(() => Right)] })
class Left {}

@Module({ imports: [forwardRef(() => Left)] })
class Right {}

@Module({ imports: [Left, Promise.resolve({ module: class Late {} })] })
class App {}

describe('the modules of an application', () => {
  it('are found through forward references, promises and circles', async () => {
    expect([...(await importedModules(App))].sort()).toEqual(['App', 'Late', 'Left', 'Right']);
  });

  it('are known by the names that startService looks for', async () => {
    const names = await importedModules({
      module: class Root {},
      imports: [ConfigModule.forFeature(), DiscoveryModule.forRoot({ url: 'static:' }), MessagingModule.forRoot()],
    });
    expect(names).toContain('SettingsModule');
    expect(names).not.toContain('ConfigModule');
    expect(names).toContain('DiscoveryModule');
    expect(names).toContain('MessagingModule');
  });
});
