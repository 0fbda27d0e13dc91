import { catalogProto } from '@rookery/contracts';
import { startService } from '@rookery/service';
import { AppModule } from './app.module.ts';

await startService(AppModule, { name: 'catalog', grpc: catalogProto });
