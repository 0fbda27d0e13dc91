import type { Command } from 'commander';

export interface EncryptingOptions {
  root: string;
  environment: NodeJS.ProcessEnv;
  print: (text: string) => void;
  examples: (command: Command, ...lines: string[]) => Command;
}

/** Adds `rookery config`: encrypted values of the configuration centre. */
export function addEncrypting(program: Command, { root, environment, print, examples }: EncryptingOptions): void {
  const config = program.command('config').description('Encrypt and decrypt values of settings.');
  const load = async () => {
    const { secretVerbs, readValue } = await import('./commands/secrets.ts');
    return { verbs: await secretVerbs(root, environment), readValue };
  };
  for (const [verb, description] of [
    ['encrypt', 'encrypt the value on the standard input for one path of a key'],
    ['decrypt', 'decrypt the value on the standard input; needs config:decrypt'],
  ] as const) {
    examples(
      config
        .command(`${verb} <key> <path>`)
        .description(description)
        .action(async (key: string, path: string) => {
          const { verbs, readValue } = await load();
          print(`${await verbs[verb](key, path, await readValue(process.stdin))}\n`);
        }),
      verb === 'encrypt'
        ? 'rookery config encrypt prod/orders db.password < password.txt'
        : "echo '{cipher}k1.…' | rookery config decrypt prod/orders db.password",
    );
  }
  examples(
    config
      .command('rotate <environment>')
      .description('encrypt with the current key what older keys encrypted')
      .option('--dry-run', 'only show what would be')
      .action(async (of: string, { dryRun = false }: { dryRun?: boolean }) => {
        const { verbs } = await load();
        print(`${await verbs.rotate(of, dryRun)}\n`);
      }),
    'rookery config rotate prod --dry-run',
    'rookery config rotate prod',
  );
}
