import { runArea } from './run-area.ts';

await runArea('bench', {
  config: () => import('./config.ts'),
  discovery: () => import('./discovery.ts'),
  gateway: () => import('./gateway.ts'),
  resilience: () => import('./resilience.ts'),
});
