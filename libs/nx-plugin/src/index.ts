export { createNodesV2 } from './targets.ts';
