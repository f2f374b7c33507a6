// Installs the npm packages of package-lock.json.
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { NODE_MODULES, ROOT } from './checkout.mjs';
import { mustRun } from './run.mjs';
import { hashOf, unlessDone } from './stamp.mjs';

// These variables come from the npm that runs this script, or from a shell that is set up for other projects. They
// would install packages elsewhere, or leave some out.
const MISLEADING = /^npm_config_(prefix|global|location|omit|only|production|dry_run)$/i;

export async function installPackages() {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
  );
  const inputs = hashOf({
    files: ['package-lock.json'],
    strings: [JSON.stringify({ dependencies, devDependencies })],
  });
  await unlessDone(path.join(NODE_MODULES, '.torch-losses'), inputs, async () => {
    console.log('Installing npm packages');
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !MISLEADING.test(name)),
    );
    // No package here needs an install script.
    const [npm, ...args] = [
      ...npmCommand(),
      'ci',
      '--include=dev',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
    ];
    await mustRun('npm ci', npm, args, { env });
  });
}

// Returns the npm that runs this script, or else the one on PATH.
function npmCommand() {
  const running = process.env.npm_execpath;
  return running?.endsWith('npm-cli.js') ? [process.execPath, running] : ['npm'];
}
