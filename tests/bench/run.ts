import { runArea } from './run-area.ts';

await runArea('bench', {
  gateway: () => import('./gateway.ts'),
  resilience: () => import('./resilience.ts'),
});
