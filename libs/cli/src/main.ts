#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

enableCompileCache(join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'rookery', 'compile'));
const { main } = await import('./program.ts');
process.exit(await main(process.argv, process.env));
