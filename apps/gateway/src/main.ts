import cluster from 'node:cluster';
import { createLogger } from '@rookery/observability';
import { Primary } from './workers/primary.ts';
import { longestSilenceMs } from './workers/signs-of-life.ts';
import { workerCount } from './workers/worker-count.ts';

process.env.PORT ??= process.env.GATEWAY_PORT ?? '8080';

const workers = workerCount(process.env);
if (workers > 1 && cluster.isPrimary)
  new Primary(workers, longestSilenceMs(process.env), createLogger({ service: 'gateway' })).start();
else await import('./serve.ts');
