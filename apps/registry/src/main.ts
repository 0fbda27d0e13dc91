import { LOGGER } from '@rookery/observability';
import { startService } from '@rookery/service';
import { AppModule } from './app.module.ts';
import { RegistryState } from './domain/registry-state.ts';
import { Waiters } from './domain/waiters.ts';
import { withoutLastSlash } from './eureka/eureka-paths.ts';
import { takeAnyBody } from './http/any-body.ts';
import { HeartbeatStreams } from './http/heartbeat-streams.ts';
import { limitConnections } from './http/limit-connections.ts';
import { quickHeartbeat } from './http/quick-heartbeat.ts';
import { TokenGuard } from './http/token.guard.ts';
import { nacosGrpcPort } from './nacos/grpc/nacos-grpc-port.ts';
import { requireFreePort } from './port.ts';

const DEFAULT_PORT = '8500';

process.env.PORT ??= process.env.REGISTRY_PORT ?? DEFAULT_PORT;
const host = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT);
await requireFreePort(host, port);
const grpcPort = nacosGrpcPort(process.env);
if (grpcPort !== undefined) await requireFreePort(host, grpcPort);

const { app } = await startService(AppModule, {
  name: 'registry',
  description:
    'Who runs where: the embedded service registry, speaking the HTTP API of Consul, of Eureka and of Nacos.',
  prefix: false,
  // Without settings of its own there are no rules of resilience that could reach it.
  without: ['access-log', 'config', 'discovery', 'grpc', 'messaging', 'openapi', 'resilience', 'tracing', 'validation'],
  configure: (application) => {
    takeAnyBody(application);
    const server = application.getHttpServer();
    limitConnections(server, application.get(LOGGER));
    application.get(HeartbeatStreams).attach(server);
  },
  rawHandler: (application) => {
    const heartbeat = quickHeartbeat(application.get(RegistryState).services, application.get(TokenGuard));
    return (request, response) => {
      request.url = withoutLastSlash(request.url ?? '/');
      return heartbeat(request, response);
    };
  },
});

// A drain waits for running requests; a blocking query would run for minutes, a stream of heartbeats for ever.
const [waiters, streams] = [app.get(Waiters), app.get(HeartbeatStreams)];
for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) {
  process.once(event, () => {
    waiters.close();
    streams.close();
  });
}
