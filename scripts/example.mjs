// `npm run example -- NAME` sets up what is missing and runs one program of examples/, for example
// `npm run example -- cross_entropy`. Without a name it lists the programs.
import './lib/node-version.mjs';

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { main, SetupError } from './lib/advice.mjs';
import { DIST_EXAMPLES, ROOT } from './lib/checkout.mjs';
import { mustRun, run } from './lib/run.mjs';
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
  const { python } = await setUp();
  await compileExamples();
  if (name === 'finetune') await pretrain(python);
  const program = path.join(DIST_EXAMPLES, programs.get(name).file.replace(/ts$/, 'js'));
  const { status } = await run(process.execPath, [program], {
    // Makes OpenMP's idle threads sleep. On a machine with other load, spinning slows down small models.
    env: { OMP_WAIT_POLICY: 'PASSIVE', ...process.env },
    inherit: true,
  });
  return status;
});

/** Returns the files and descriptions of the programs by name, from the tables in examples/README.md. */
function readPrograms() {
  const text = readFileSync(path.join(ROOT, 'examples', 'README.md'), 'utf8');
  const rows = text.matchAll(
    /^\| \[`(?<name>\w+)`\]\((?<file>[\w/]+\.m?ts)\).* \| (?<about>.+) \|$/gm,
  );
  return new Map(Array.from(rows, ({ groups }) => [groups.name, groups]));
}

function listOf(programs) {
  const width = Math.max(...[...programs.keys()].map((name) => name.length));
  return Array.from(programs, ([name, { about }]) => `  ${name.padEnd(width)}  ${about}`).join(
    '\n',
  );
}

/** Makes the model that `finetune` loads, unless it is there. */
async function pretrain(python) {
  const file = path.join(ROOT, 'runs', 'finetune', 'pretrained.pt');
  if (existsSync(file)) return;
  mkdirSync(path.dirname(file), { recursive: true });
  const program = path.join(ROOT, 'examples', 'finetune', 'pretrain.py');
  await mustRun('Exporting a model from Python', python, [program, file], { quiet: true });
}
