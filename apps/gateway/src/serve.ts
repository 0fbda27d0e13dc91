import cluster from 'node:cluster';
import { startService } from '@rookery/service';
import { AdminServer, adminAddress } from './admin/admin-server.ts';
import { GatewayModule } from './gateway.module.ts';
import { GatewayProcess } from './gateway-process.ts';
import { SERVER_OPTIONS } from './server/server-options.ts';
import { growYoungGenerationAtOnce } from './server/young-generation.ts';
import { showLife } from './workers/signs-of-life.ts';

growYoungGenerationAtOnce();
if (cluster.isWorker) showLife();

const admin = await AdminServer.listen(adminAddress(process.env));

await startService(GatewayModule, {
  name: 'gateway',
  // Prometheus finds the port of the metrics in the registry.
  metadata: { 'metrics-port': String(admin.port) },
  prefix: false,
  // The data path does these by itself, for less: see README.md.
  without: ['access-log', 'grpc', 'messaging', 'metrics', 'openapi', 'resilience', 'tracing', 'validation'],
  httpServer: SERVER_OPTIONS,
  rawHandler: (app) => {
    const gateway = app.get(GatewayProcess);
    gateway.serveAdmin(admin);
    return gateway.handlerFor(app.getHttpServer());
  },
  listening: (app, { address }) => app.get(GatewayProcess).listen(address),
});
