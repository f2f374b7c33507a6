// `npm run example -- NAME` sets up what is missing and runs one program of examples/losses, for example
// `npm run example -- cross_entropy`. Without a name it lists the programs.
import './lib/node-version.mjs';

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { main, SetupError } from './lib/advice.mjs';
import { DIST_EXAMPLES, ROOT } from './lib/checkout.mjs';
import { run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';
import { compileExamples } from './lib/typescript.mjs';

await main(async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  const programs = readPrograms();
  if (positionals.length === 0) {
    console.log(`Run one with npm run example -- NAME:\n\n${listOf(programs)}`);
    return 0;
  }
  const [name] = positionals;
  if (positionals.length > 1 || !programs.has(name)) {
    const problem = `Expected the name of one example; got ${JSON.stringify(positionals.join(' '))}.`;
    throw new SetupError(`${problem} The examples are:\n\n${listOf(programs)}`);
  }
  await setUp();
  await compileExamples();
  const program = path.join(DIST_EXAMPLES, 'losses', `${name}.js`);
  const { status } = await run(process.execPath, [program], { inherit: true });
  return status;
});

/** Returns the names and descriptions of the programs, from the table in examples/README.md. */
function readPrograms() {
  const text = readFileSync(path.join(ROOT, 'examples', 'README.md'), 'utf8');
  const rows = text.matchAll(/^\| \[`(?<name>\w+)`\].* \| (?<about>.+) \|$/gm);
  return new Map(Array.from(rows, ({ groups }) => [groups.name, groups.about]));
}

function listOf(programs) {
  const width = Math.max(...[...programs.keys()].map((name) => name.length));
  return [...programs].map(([name, about]) => `  ${name.padEnd(width)}  ${about}`).join('\n');
}
