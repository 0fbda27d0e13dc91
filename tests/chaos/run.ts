import { runArea } from '../bench/run-area.ts';

await runArea('chaos', {
  cap: () => import('./cap.ts'),
  config: () => import('./config.ts'),
  discovery: () => import('./discovery.ts'),
  gateway: () => import('./gateway.ts'),
  resilience: () => import('./resilience.ts'),
});
