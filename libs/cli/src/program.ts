import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addAdministration } from './administration.ts';
import { addEncrypting } from './encrypting.ts';
import { Failure, messageOf } from './failure.ts';
import { colorsFor } from './output/colors.ts';
import { JsonOutput } from './output/json-output.ts';
import { LiveBlock } from './output/live-block.ts';
import { type Output, writer } from './output/output.ts';
import { PrettyOutput } from './output/pretty-output.ts';
import { parseLogs, parseOnly, parseScale } from './plan/flags.ts';
import { addRendering } from './rendering.ts';
import { addSyncing } from './syncing.ts';

interface StartFlags {
  only?: string[];
  scale?: Map<string, number>;
  fresh?: boolean;
  logs: 'json' | 'pretty';
}

/** Runs the command line; returns the exit code. Every failure is one sentence on stderr. */
export async function main(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  root = process.cwd(),
): Promise<number> {
  const print = writer(process.stdout);
  const complain = writer(process.stderr);
  let exitCode = 0;
  let output: Output | undefined;

  const program = new Command('rookery')
    .description('Starts, watches and administers a Rookery platform.')
    .version(version(), '-v, --version', 'print the version')
    .configureOutput({ writeOut: print, writeErr: complain })
    .exitOverride();
  const examples = (command: Command, ...lines: string[]) =>
    command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`);

  const startCommand = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .option('--only <apps>', 'start these apps and what they need', parseOnly)
      .option('--scale <app=n,...>', 'start several instances of an app', parseScale)
      .option('--fresh', 'wipe ROOKERY_HOME (.rookery) first: database, registry, everything')
      .option('--logs <json|pretty>', 'how logs are written', parseLogs, 'pretty');

  examples(
    startCommand('start', 'Build and start the platform, and run it until Ctrl-C.').action(
      async (flags: StartFlags) => {
        output = outputFor(flags.logs, print, environment);
        const { start } = await import('./commands/start.ts');
        exitCode = await start({ root, environment, output, ...flags });
      },
    ),
    'npm start',
    'npm start -- --only gateway,catalog --scale catalog=2',
    'GATEWAY_PORT=9090 npm start -- --fresh',
    'npm start -- --logs json | tee platform.log',
  );
  examples(
    startCommand('dev', 'The same as start; apps are rebuilt and restarted when a file changes.').action(
      async (flags: StartFlags) => {
        const telling = outputFor(flags.logs, print, environment);
        output = telling;
        const [{ start }, { watchSources }] = await Promise.all([
          import('./commands/start.ts'),
          import('./commands/dev.ts'),
        ]);
        exitCode = await start({
          root,
          environment,
          output: telling,
          ...flags,
          whenReady: (platform, projects) => watchSources({ root, output: telling, platform, projects }),
        });
      },
    ),
    'npm run dev',
    'npm run dev -- --only orders',
  );
  examples(
    program
      .command('status')
      .description('Show the services and instances that the registry knows.')
      .action(async () => {
        const { status } = await import('./commands/status.ts');
        print(`${await status(root, environment)}\n`);
      }),
    'rookery status',
    'DISCOVERY_URL=consul://10.0.0.5:8500 rookery status',
  );

  examples(
    program
      .command('token')
      .description(
        'Print the access token of who is signed in, or one for this machine of the platform that runs here.',
      )
      .action(async () => {
        const { accessToken } = await import('./commands/token.ts');
        print(`${await accessToken(root, environment)}\n`);
      }),
    'rookery token',
    'curl -H "authorization: Bearer $(npx rookery token)" http://127.0.0.1:8080/api/...',
  );

  examples(
    program
      .command('login')
      .description('Sign in with a code on a page of the platform, and keep the token.')
      .option('--issuer <url>', 'who signs in, when it is not the platform that runs here')
      .action(async ({ issuer }: { issuer?: string }) => {
        const { login } = await import('./commands/login.ts');
        await login(root, environment, {
          ...(issuer !== undefined && { issuer }),
          print,
          isTerminal: Boolean(process.stdout.isTTY),
        });
      }),
    'rookery login',
    'rookery login --issuer https://shop.example/auth',
  );
  examples(
    program
      .command('logout')
      .description('Forget who is signed in.')
      .action(async () => {
        const { logout } = await import('./commands/login.ts');
        print(`${await logout(root, environment)}\n`);
      }),
    'rookery logout',
  );

  addAdministration(program, { root, environment, print, examples });
  addEncrypting(program, { root, environment, print, examples });
  addRendering(program, { root, environment, print, examples });
  addSyncing(program, { root, environment, print, examples });

  const service = program.command('service').description('Stop, start or restart one service of the running platform.');
  for (const verb of ['stop', 'start', 'restart'] as const) {
    examples(
      service
        .command(`${verb} <name>`)
        .description(`${verb} all instances of a service`)
        .action(async (name: string) => {
          const [{ sendControl }, { homeOf }] = await Promise.all([
            import('./home/control.ts'),
            import('./home/home.ts'),
          ]);
          await sendControl(homeOf(root, environment), verb, name);
          print(`${name}: ${verb} done\n`);
        }),
      `rookery service ${verb} catalog`,
    );
  }

  const dlq = program.command('dlq').description('List and replay the messages that a service could not handle.');
  examples(
    dlq
      .command('list <service>')
      .description('list the dead letters of a service, newest first')
      .action(async (name: string) => {
        const { listDeadLetters } = await import('./commands/dlq.ts');
        print(`${await listDeadLetters(root, environment, name)}\n`);
      }),
    'rookery dlq list fulfilment',
  );
  examples(
    dlq
      .command('replay <service> [id...]')
      .description('put dead letters back into the queue of the service; all of them without ids')
      .action(async (name: string, ids: string[]) => {
        const { replayDeadLetters } = await import('./commands/dlq.ts');
        print(`${await replayDeadLetters(root, environment, name, ids)}\n`);
      }),
    'rookery dlq replay fulfilment',
    'rookery dlq replay fulfilment 0c6ff2c8-5f0e-4c3b-9a4e-0f2d8f7d4a11',
  );
  const rules = program.command('rules').description('Ask about the resilience rules of running services.');
  examples(
    rules
      .command('explain <resource>')
      .description('show which rule decided the last calls of a resource, and why')
      .option('--service <name>', 'ask the instances of this service only')
      .action(async (resource: string, { service: only }: { service?: string }) => {
        const { explainResource } = await import('./commands/rules.ts');
        print(`${await explainResource(root, environment, resource, only)}\n`);
      }),
    "rookery rules explain 'http:GET /api/orders'",
    'rookery rules explain rpc:catalog.GetFilm --service catalog',
  );
  examples(program, 'npm start', 'npm run dev', 'npx rookery status', 'npx rookery dlq list fulfilment');

  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const sentence =
      error instanceof Failure
        ? error.message
        : `rookery failed unexpectedly: ${error instanceof Error ? error.stack : messageOf(error)}`;
    if (output instanceof JsonOutput) output.failure(sentence);
    complain(`${sentence}\n`);
    return error instanceof Failure ? error.exitCode : 1;
  }
}

function outputFor(logs: 'json' | 'pretty', write: (text: string) => void, environment: NodeJS.ProcessEnv): Output {
  if (logs === 'json') return new JsonOutput(write);
  const live = process.stdout.isTTY ? new LiveBlock(write, () => process.stdout.columns || 80) : undefined;
  return new PrettyOutput({ write, colors: colorsFor(process.stdout, environment), ...(live && { live }) });
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}
