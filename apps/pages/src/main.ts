import { startService } from '@rookery/service';
import { AppModule } from './app.module.ts';

await startService(AppModule, { name: 'pages', prefix: false, without: ['openapi'] });
