/** `npm run stack`: the production engines from installed programs, and the apps on them, until Ctrl-C. */
import { runStack } from './native/run-stack.ts';

process.exit(await runStack(process.argv.slice(2), process.env));
