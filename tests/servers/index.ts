export {
  type ConfigJavaClient,
  hasConfigJava,
  type SpringConfigServer,
  startConfigJavaClient,
  startOwnSpringConfig,
} from './config-java.ts';
export { startConsul, startOwnConsul } from './consul.ts';
export { type DnsServer, hasDns, startOwnDns } from './dns.ts';
export { startOwnEtcd } from './etcd.ts';
export { hasEureka, startOwnEureka } from './eureka.ts';
export { type GuardedOptions, GuardedProcess } from './guarded-process.ts';
export { type GuardedServer, startGuarded } from './guarded-server.ts';
export { measured } from './jvm.ts';
export { type KubernetesServer, startOwnKubernetes } from './kubernetes.ts';
export { hasNacos, type NacosServer, startNacos } from './nacos.ts';
export { hasNginx, startOwnNginx } from './nginx.ts';
export { hasOtelCollector, type OtelCollector, startOtelCollector } from './otel-collector.ts';
export { OtlpCollector } from './otlp-collector.ts';
export type { CollectedSpan } from './otlp-spans.ts';
export { freePorts, freePortWith } from './ports.ts';
export { type OwnPostgres, type PostgresServer, startOwnPostgres, startPostgres } from './postgres.ts';
export { findProgram } from './programs.ts';
export { startOwnRabbitmq, startRabbitmq } from './rabbitmq.ts';
export { startOwnRedis, startRedis } from './redis.ts';
export type { OwnServer, Server, ServerTls } from './server.ts';
export { forkSource, sourceArguments } from './source-process.ts';
export {
  hasSpringCloud,
  type JavaNaming,
  type SpringService,
  startJavaNaming,
  startSpringService,
} from './spring-cloud.ts';
export { hasZooKeeper, startOwnZooKeeper, ZOOKEEPER_JARS, zooKeeperShell } from './zookeeper.ts';
