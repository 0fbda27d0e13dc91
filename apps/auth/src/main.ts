import { startService } from '@rookery/service';
import { AppModule } from './app.module.ts';
import { serviceOptions } from './service-options.ts';

await startService(AppModule, serviceOptions);
