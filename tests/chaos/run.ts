import { runArea } from '../bench/run-area.ts';

await runArea('chaos', {
  config: () => import('./config.ts'),
  gateway: () => import('./gateway.ts'),
});
