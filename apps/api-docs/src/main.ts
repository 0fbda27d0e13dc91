import { startService } from '@rookery/service';
import { AppModule } from './app.module.ts';

await startService(AppModule, { name: 'api-docs', platform: 'express', prefix: false, without: ['openapi'] });
