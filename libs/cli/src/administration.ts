import type { Command } from 'commander';
import type { GrantFlags } from './commands/accounts.ts';
import type { ClientFlags } from './commands/clients.ts';

export interface AdministrationOptions {
  root: string;
  environment: NodeJS.ProcessEnv;
  print: (text: string) => void;
  examples: (command: Command, ...lines: string[]) => Command;
}

/** Adds `rookery accounts` and `rookery clients`: who can sign in, and which programs may ask for tokens. */
export function addAdministration(
  program: Command,
  { root, environment, print, examples }: AdministrationOptions,
): void {
  const tell = async (text: Promise<string>) => print(`${await text}\n`);
  const withGrants = (command: Command) =>
    command
      .option('--permission <permission...>', 'what it may do: order:create, or order:*')
      .option('--role <role...>', 'roles');

  const accounts = program.command('accounts').description('Who can sign in.');
  const accountVerbs = async () => (await import('./commands/accounts.ts')).accountVerbs(root, environment);
  examples(
    withGrants(accounts.command('add <name>').description('add somebody; prints a one-time password')).action(
      async (name: string, flags: GrantFlags) => tell((await accountVerbs()).add(name, flags)),
    ),
    'rookery accounts add ada --permission order:create order:show',
  );
  accounts
    .command('list')
    .description('list who can sign in')
    .action(async () => tell((await accountVerbs()).list()));
  for (const [verb, description] of [
    ['disable', 'let somebody sign in no longer; sessions end'],
    ['enable', 'let somebody sign in again'],
    ['password', 'replace a forgotten password by a one-time one; sessions end'],
  ] as const)
    accounts
      .command(`${verb} <name>`)
      .description(description)
      .action(async (name: string) => tell((await accountVerbs())[verb](name)));

  const clients = program.command('clients').description('Programs that may ask for tokens.');
  const clientVerbs = async () => (await import('./commands/clients.ts')).clientVerbs(root, environment);
  examples(
    withGrants(
      clients
        .command('add <id>')
        .description('add a program; prints its secret')
        .option('--name <name>', 'shown to people who are asked for their consent; the id when not given')
        .option('--redirect <url...>', 'where people come back to after they have signed in')
        .option('--device', 'people sign it in with a code that it shows')
        .option('--public', 'it keeps no secret'),
    ).action(async (id: string, flags: ClientFlags) => tell((await clientVerbs()).add(id, flags))),
    'rookery clients add till --permission order:create',
    'rookery clients add shop-web --public --redirect https://shop.example/callback',
  );
  clients
    .command('list')
    .description('list the programs')
    .action(async () => tell((await clientVerbs()).list()));
  clients
    .command('remove <id>')
    .description('remove a program; what it got ends')
    .action(async (id: string) => tell((await clientVerbs()).remove(id)));
}
