import { Controller, Get, Module, type OnModuleDestroy } from '@nestjs/common';
import { startService } from '../start-service.ts';

/** A service for specs that run it as a process: its slow request ends when the parent says so. */
@Controller()
class SlowController implements OnModuleDestroy {
  @Get('quick')
  quick(): object {
    return { ok: true };
  }

  @Get('slow')
  async slow(): Promise<object> {
    const { promise: released, resolve } = Promise.withResolvers<unknown>();
    process.once('message', resolve);
    process.send?.({ type: 'entered' });
    await released;
    return { ok: true };
  }

  @Get('throw-later')
  throwLater(): void {
    setImmediate(() => {
      throw new Error('nobody catches this');
    });
  }

  @Get('reject-later')
  rejectLater(): void {
    Promise.reject(new Error('nobody awaits this'));
  }

  onModuleDestroy(): void {
    if (process.connected) process.send?.({ type: 'destroyed' });
  }
}

@Module({
  controllers: [SlowController],
  providers: process.env.BROKEN
    ? [{ provide: 'broken', useFactory: () => Promise.reject(new Error('the provider is broken')) }]
    : [],
})
class SlowModule {}

await startService(SlowModule, {
  name: 'slow',
  without: process.env.DISCOVERY_URL ? [] : ['discovery'],
});
