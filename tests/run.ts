/**
 * `npm test`: lint, import rules, types and build side by side, then every suite, then one closing table.
 * Words after `--` pick suites by part of their path: `npm test -- messaging`.
 * With ROOKERY_REQUIRE=all a skipped test is a failure.
 */
import { spawn } from 'node:child_process';
import pc from 'picocolors';
import { startVitest } from 'vitest/node';
import { type Count, closingTable } from './closing-table.ts';

interface Check {
  name: string;
  command: readonly string[];
}

const CHECKS: readonly Check[] = [
  { name: 'lint', command: ['biome', 'check', '--colors=off', '.'] },
  { name: 'import rules', command: ['depcruise', '--config', '.dependency-cruiser.js', 'apps', 'libs', 'tests'] },
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'build', command: ['nx', 'run-many', '-t', 'build', '--outputStyle=static'] },
];

/** Runs a check; prints its name and time, and its output only when it failed. */
async function run({ name, command }: Check): Promise<boolean> {
  const startedAtMs = Date.now();
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const { promise, resolve } = Promise.withResolvers<boolean>();
  child.on('error', (error) => {
    output.push(Buffer.from(`${error.message}\n`));
    resolve(false);
  });
  child.on('close', (code) => resolve(code === 0));
  const ok = await promise;
  const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
  console.log(`${ok ? pc.green('ok') : pc.red('failed')}  ${name.padEnd(14)}${seconds} s`);
  if (!ok) process.stdout.write(Buffer.concat(output));
  return ok;
}

/** How a contract suite names a case that its engine cannot do. */
const LACKS = / \(cannot: [a-z-]+\)$/;

async function runSuites(filters: string[]): Promise<Count> {
  const vitest = await startVitest('test', filters, { watch: false, reporters: ['default'] });
  const count: Count = { passed: 0, failed: 0, skipped: [], lacking: [] };
  for (const module of vitest.state.getTestModules()) {
    if (module.errors().length > 0) count.failed += 1;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') count.passed += 1;
      else if (state === 'failed') count.failed += 1;
      else {
        const named = { suite: module.relativeModuleId, test: test.fullName };
        (LACKS.test(test.name) ? count.lacking : count.skipped).push(named);
      }
    }
  }
  count.failed += vitest.state.getUnhandledErrors().length;
  await vitest.close();
  return count;
}

const filters = process.argv.slice(2);
const checks = filters.length === 0 ? await Promise.all(CHECKS.map(run)) : [await run(CHECKS[3] as Check)];
const suites = await runSuites(filters);
const total: Count = {
  ...suites,
  passed: suites.passed + checks.filter((ok) => ok).length,
  failed: suites.failed + checks.filter((ok) => !ok).length,
};
const required = process.env.ROOKERY_REQUIRE === 'all';
console.log(closingTable(total, { required }));
process.exit(total.failed > 0 || suites.passed === 0 || (required && total.skipped.length > 0) ? 1 : 0);
