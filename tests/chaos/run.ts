import { runArea } from '../bench/run-area.ts';

await runArea('chaos', {
  gateway: () => import('./gateway.ts'),
  resilience: () => import('./resilience.ts'),
});
