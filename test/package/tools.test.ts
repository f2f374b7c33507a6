/**
 * The package with other package managers, with other runtimes, and with package checkers. `npm run test:package`
 * installs these; without them, the tests are skipped.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';

import { addonFor } from '../../dist/bindings/libtorch/addons';
import {
  environment,
  firstProgram,
  libtorch,
  Project,
  pack,
  ROOT,
  TOOLS,
  toolFolder,
  WORKSHOP,
} from './project';

const LOSS = 'nn.functional.mse_loss(torch.tensor([1, 2.5]), torch.zeros(2)).item()';
const CJS = `const torch = require('torch-losses'); const { nn } = torch; console.log(${LOSS});`;
const ESM = `import torch, { nn } from 'torch-losses'; console.log(${LOSS});`;
const WORKER = `new (require('node:worker_threads').Worker)('./program.cjs');`;
const EXPECTED = '3.625';

function tool(name: string, ...parts: string[]): string {
  return path.join(toolFolder(name)!, ...parts);
}

/** Makes a project with the programs that each package manager and runtime runs. */
function projectWithPrograms(name: string, manifest: object = {}): Project {
  const project = new Project(name, manifest);
  project.write('program.cjs', CJS);
  project.write('program.mjs', ESM);
  project.write('worker.cjs', WORKER);
  return project;
}

/** What Are the types wrong? finds. */
interface Problem {
  resolutionKind?: string;
  entrypoint?: string;
}

const PROGRAMS = ['program.cjs', 'program.mjs', 'worker.cjs'];

describe('the package, with what `npm run test:package` installs', function () {
  this.timeout(300_000);
  before(function () {
    if (!TOOLS) this.skip();
  });

  describe('installed with', () => {
    it('pnpm', async () => {
      const project = projectWithPrograms('pnpm');
      const home = environment({ XDG_DATA_HOME: path.join(WORKSHOP, 'pnpm-data') });
      await project.node([tool('pnpm', 'bin', 'pnpm.mjs'), 'add', await pack()], {
        env: online(home),
      });
      for (const program of PROGRAMS) expect(await project.node([program])).to.equal(EXPECTED);
    });

    it('yarn 1', async () => {
      const project = projectWithPrograms('yarn-1');
      const cache = path.join(WORKSHOP, 'yarn-cache');
      const args = [
        tool('yarn', 'bin', 'yarn.js'),
        'add',
        `file:${await pack()}`,
        '--cache-folder',
        cache,
      ];
      await project.node(args, { env: online(environment()) });
      for (const program of PROGRAMS) expect(await project.node([program])).to.equal(EXPECTED);
    });

    it("yarn 4, with Plug'n'Play", async () => {
      const project = projectWithPrograms('yarn-4');
      project.write('yarn.lock', '');
      project.write('.yarnrc.yml', 'enableTelemetry: false\nenableGlobalCache: false\n');
      const yarn = tool('@yarnpkg/cli-dist', 'bin', 'yarn.js');
      const env = online(environment());
      await project.node([yarn, 'add', `torch-losses@file:${await pack()}`], { env });
      expect(existsSync(path.join(project.folder, '.pnp.cjs'))).to.equal(true);
      for (const program of PROGRAMS) {
        expect(await project.node([yarn, 'node', program], { env })).to.equal(EXPECTED);
      }
    });
  });

  describe('on', () => {
    let project: Project;
    before(async () => {
      project = await projectWithPrograms('runtimes').install();
    });

    for (const name of ['node22', 'node24', 'node26']) {
      it(name, async () => {
        const node = tool(name, 'bin', 'node');
        chmodSync(node, 0o755);
        for (const program of PROGRAMS)
          expect(await project.run(node, [program])).to.equal(EXPECTED);
      });
    }

    it('tsx, with README’s first program', async () => {
      const { program, printed } = firstProgram();
      project.write('first.ts', program);
      const commands = path.join(project.folder, 'node_modules', '.bin');
      mkdirSync(commands, { recursive: true });
      symlinkSync(tool('tsx', 'dist', 'cli.mjs'), path.join(commands, 'tsx'));
      expect(await project.run('npx', ['tsx', 'first.ts'])).to.equal(printed);
    });

    it('Bun', async () => {
      const bun = tool('@oven/bun-linux-x64', 'bin', 'bun');
      chmodSync(bun, 0o755);
      for (const program of PROGRAMS) expect(await project.run(bun, [program])).to.equal(EXPECTED);
    });

    it('Deno', async () => {
      const deno = tool('@deno/linux-x64-glibc', 'deno');
      chmodSync(deno, 0o755);
      for (const program of PROGRAMS) {
        expect(await project.run(deno, ['run', '-A', program])).to.equal(EXPECTED);
      }
    });
  });

  describe('bundled by', () => {
    it('@vercel/nft', async () => {
      const project = await projectWithPrograms('traced').install();
      const copy = new Project('copy of what was traced');
      const trace = `const { cpSync } = require('node:fs');
        const { nodeFileTrace } = require(${JSON.stringify(toolFolder('@vercel/nft'))});
        const programs = ${JSON.stringify(PROGRAMS)};
        nodeFileTrace(programs, { base: process.cwd() }).then(({ fileList }) => {
          for (const file of fileList) cpSync(file, ${JSON.stringify(copy.folder)} + '/' + file);
        });`;
      await project.node(['-e', trace]);
      for (const program of PROGRAMS) expect(await copy.node([program])).to.equal(EXPECTED);
    });

    it('webpack, with the asset relocator', async () => {
      const project = await projectWithPrograms('bundled').install();
      const copy = new Project('the bundle');
      const loader = toolFolder('@vercel/webpack-asset-relocator-loader');
      const bundle = `const webpack = require(${JSON.stringify(toolFolder('webpack'))});
        const loader = ${JSON.stringify(loader)};
        const config = {
          mode: 'production',
          target: 'node',
          entry: './program.cjs',
          output: { path: ${JSON.stringify(copy.folder)}, filename: 'bundle.cjs' },
          module: { rules: [{ test: /\\.(node|c?js)$/, parser: { amd: false }, use: { loader } }] },
        };
        webpack(config, (error, stats) => {
          if (error || stats.hasErrors()) throw error ?? new Error(stats.toString());
        });`;
      await project.node(['-e', bundle]);
      expect(await copy.node(['bundle.cjs'])).to.equal(EXPECTED);
    });
  });

  describe('checked by', () => {
    it('publint', async () => {
      const project = new Project('publint');
      const output = await project.node([
        tool('publint', 'src', 'cli.js'),
        await pack(),
        '--strict',
      ]);
      expect(output).to.include('All good!');
    });

    for (const name of ['typescript5', 'typescript7']) {
      it(`${name}, the package’s own declarations included`, async () => {
        const project = await new Project(name).install();
        project.write(
          'program.mts',
          `import { assert, expect, use } from 'chai';
          import torch, { nn, type Tensor } from 'torch-losses';
          import torchChai from 'torch-losses/chai';
          use(torchChai);
          using loss: Tensor = new nn.MSELoss()(torch.ones(2), torch.zeros(2));
          expect(loss).to.be.closeTo(loss, { rtol: 1e-3, atol: 0 });
          assert.closeTo(loss, loss);
          // @ts-expect-error
          new nn.MSELoss({ reductoin: 'sum' });`,
        );
        const types = path.join(ROOT, 'node_modules', '@types');
        const compilerOptions = {
          module: 'node16',
          target: 'es2022',
          lib: ['es2022', 'esnext.disposable'],
          strict: true,
          skipLibCheck: false,
          noEmit: true,
          types: ['node'],
          typeRoots: [types],
          paths: { chai: [path.join(types, 'chai')] },
        };
        project.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['program.mts'] }));
        await project.node([tool(name, 'bin', 'tsc'), '-p', '.']).catch(({ stdout }) => {
          expect.fail(stdout);
        });
      });
    }

    it('Are the types wrong?', async () => {
      const project = new Project('types');
      const attw = tool('@arethetypeswrong/cli', 'dist', 'index.js');
      // It ends before a pipe has taken all of a long report.
      const command = '"$@" > report.json || true';
      const args = [process.execPath, attw, await pack(), '--format', 'json'];
      await project.run('sh', ['-c', command, 'sh', ...args]);
      const report = JSON.parse(readFileSync(path.join(project.folder, 'report.json'), 'utf8'));
      const problems = Object.values(report.problems).flat() as Problem[];
      // Vitest is for ES modules only.
      const isExpected = ({ resolutionKind, entrypoint }: Problem): boolean =>
        resolutionKind === 'node16-cjs' && entrypoint === './vitest';
      expect(problems.filter((problem) => !isExpected(problem))).to.deep.equal([]);
    });
  });

  it('refuses an addon that is built for another libtorch, by name', async function () {
    const project = await new Project('two versions').install();
    const addons = path.join(project.packageFolder, 'addons');
    const own = addonFor(libtorch.version);
    const other = readdirSync(addons).find((name) => name !== 'loader' && name !== own);
    if (!other) this.skip(); // with `-- --libtorch=… --libtorch=…` there are two
    cpSync(path.join(addons, other), path.join(addons, own), { recursive: true });
    const program = `try { require('torch-losses') } catch ({ code, message }) { console.log(code, message) }`;
    expect(await project.node(['-e', program])).to.match(
      /^ERR_TORCH_LOAD .* does not load: (it is built for libtorch 2\.\d+, and the libtorch in this process is 2|.*undefined symbol)/,
    );
  });

  it('builds an addon with build where the package has none, offline, and runs on it', async function () {
    this.timeout(3_600_000); // a few minutes of compiling, more on a busy machine
    const project = await projectWithPrograms('build one').install();
    rmSync(path.join(project.packageFolder, 'addons'), { recursive: true });
    const env = environment({ TORCH_LOSSES_HOME: path.join(WORKSHOP, 'built') });
    const missing = await project
      .run('npx', ['torch-losses', 'doctor', '--json'], { env })
      .catch(({ code, stdout }: { code: number; stdout: string }) => {
        expect(code).to.equal(1);
        return stdout;
      });
    expect(JSON.parse(missing).loads.ok).to.equal(false);
    const built = JSON.parse(
      await project.run('npx', ['torch-losses', 'build', '--json'], { env }),
    );
    for (const program of PROGRAMS)
      expect(await project.node([program], { env })).to.equal(EXPECTED);
    const report = JSON.parse(
      await project.run('npx', ['torch-losses', 'doctor', '--json'], { env }),
    );
    expect(report.addon.found).to.equal(built.addon);
    expect(report.loads.ok).to.equal(true);
  });

  it('fetches libtorch with setup, and runs on it', async () => {
    const project = await projectWithPrograms('set up').install();
    const env = online(
      environment({ LIBTORCH: undefined, TORCH_LOSSES_HOME: path.join(WORKSHOP, 'data') }),
    );
    const report = JSON.parse(
      await project.run('npx', ['torch-losses', 'setup', '--json'], { env }),
    );
    expect(report.fetched.map(({ name }: { name: string }) => name)).to.include('torch');
    expect(report.used.source).to.equal('setup');
    for (const program of PROGRAMS)
      expect(await project.node([program], { env })).to.equal(EXPECTED);
    const again = JSON.parse(
      await project.run('npx', ['torch-losses', 'setup', '--json'], { env }),
    );
    expect(again).to.deep.equal({ ...report, already: true });
  });
});

// Returns the environment for programs that use a registry, with the user's settings for it, and a Python without
// torch.
function online(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { npm_config_offline, HOME, ...env } = variables;
  const PATH = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => !process.env['TORCH_LOSSES_PYTHON']?.startsWith(folder))
    .join(path.delimiter);
  return { ...process.env, ...env, PATH };
}
