// Runs before npm start and npm test, on whatever node the machine has: installs what is missing, else does nothing.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

const lock = 'package-lock.json';
const installed = 'node_modules/.package-lock.json';
const upToDate = existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;

if (!upToDate) {
  console.error('Installing packages (once; takes a minute or two) ...');
  // Not `npm ci`: the lock file may lack the optional packages of this platform, which it refuses and `install` adds.
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    console.error('npm install failed; its message stands above. Mend it and run the command again.');
    process.exit(status ?? 1);
  }
}
