export { composeFiles } from './compose.ts';
export type { Engine, Secret, Stack, StackApp, World } from './model.ts';
export { EngineProcess } from './native/engine-process.ts';
export { missingPrograms } from './native/missing-programs.ts';
export { databases, stack, wiring } from './stack.ts';
