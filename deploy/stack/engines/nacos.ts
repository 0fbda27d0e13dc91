import type { Engine } from '../model.ts';

/**
 * Nacos 2, alone, for `docker compose --profile nacos`: the engine only, beside the registry and the configuration that
 * services are given. A service uses it where its `DISCOVERY_URL` or `CONFIG_URL` names it.
 */
export const nacos: Engine = {
  name: 'nacos',
  purpose: 'Registry and configuration centre, to try out: no service uses it yet',
  ports: { main: 8848, grpc: 9848 },
  portVariable: 'NACOS_PORT',
  container: {
    image: 'nacos/nacos-server:v2.5.1',
    profile: 'nacos',
    memory: '2g',
    environment: (world) => ({
      MODE: 'standalone',
      PREFER_HOST_MODE: 'hostname',
      JVM_XMS: '512m',
      JVM_XMX: '1g',
      NACOS_AUTH_ENABLE: 'true',
      NACOS_AUTH_TOKEN: world.secret('NACOS_TOKEN_KEY'),
      NACOS_AUTH_IDENTITY_KEY: 'rookery',
      NACOS_AUTH_IDENTITY_VALUE: world.secret('NACOS_IDENTITY'),
    }),
    health: ['CMD', 'curl', '--silent', '--fail', 'http://127.0.0.1:8848/nacos/v1/console/health/readiness'],
    volume: '/home/nacos/data',
    published: { variable: 'NACOS_PORT', port: 8848 },
  },
};
