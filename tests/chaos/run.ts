import { build } from '../bench/build.ts';
import { runArea } from '../bench/run-area.ts';

/** The platform runs on what was built of its command. */
const onPlatform = <Area>(area: () => Promise<Area>) => {
  build();
  return area();
};

await runArea('chaos', {
  cap: () => import('./cap.ts'),
  config: () => import('./config.ts'),
  discovery: () => onPlatform(() => import('./discovery.ts')),
  gateway: () => onPlatform(() => import('./gateway.ts')),
  resilience: () => import('./resilience.ts'),
});
