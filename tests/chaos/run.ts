import { runArea } from '../bench/run-area.ts';

await runArea('chaos', {
  gateway: () => import('./gateway.ts'),
  cap: () => import('./cap.ts'),
});
