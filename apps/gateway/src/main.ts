import { startService } from '@rookery/service';
import { GatewayModule } from './gateway.module.ts';
import { GatewayProcess } from './gateway-process.ts';

process.env.PORT ??= process.env.GATEWAY_PORT ?? '8080';

await startService(GatewayModule, {
  name: 'gateway',
  prefix: false,
  // The data path does these by itself, for less: see README.md.
  without: ['access-log', 'grpc', 'messaging', 'metrics', 'openapi', 'tracing', 'validation'],
  rawHandler: (app) => app.get(GatewayProcess).handlerFor(app.getHttpServer()),
});
