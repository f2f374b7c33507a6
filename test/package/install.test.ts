/** The package in projects that installed it with npm. */
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';

import { environment, firstProgram, libtorch, Project, pack, ROOT, WORKSHOP } from './project';

const LOSS = 'nn.functional.mse_loss(torch.tensor([1, 2.5]), torch.zeros(2)).item()';
const CJS = `const torch = require('torch-losses'); const { nn } = torch; console.log(${LOSS});`;
const ESM = `import torch, { nn } from 'torch-losses'; console.log(${LOSS});`;
const EXPECTED = '3.625';

function succeeds(program: Promise<string>): Promise<boolean> {
  return program.then(
    () => true,
    () => false,
  );
}

/** Quotes a text for the shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

describe('the package, installed with npm', function () {
  this.timeout(60_000);
  let project: Project;

  before(async () => {
    project = await new Project('with spaces in its path').install();
  });

  it('is small, and has what it needs', async () => {
    expect(statSync(await pack()).size).to.be.below(5 * 2 ** 20);
    const manifest = JSON.parse(
      readFileSync(path.join(project.packageFolder, 'package.json'), 'utf8'),
    );
    expect(manifest.scripts).not.to.have.any.keys('preinstall', 'install', 'postinstall');
    for (const name of [
      'dist/index.d.ts',
      'dist/index.js.map',
      'lib/index.ts',
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
    ]) {
      expect(statSync(path.join(project.packageFolder, name)).size, name).to.be.above(0);
    }
  });

  it('needs no newer system than its libtorch does', async () => {
    const { portabilityProblems } = await import(
      pathToFileURL(path.join(ROOT, 'scripts', 'lib', 'portability.mjs')).href
    );
    const addons = readdirSync(path.join(project.packageFolder, 'addons'), { recursive: true });
    const files = (addons as string[]).filter((name) => name.endsWith('.node'));
    expect(files).to.have.length.of.at.least(2);
    for (const file of files) {
      const addon = path.join(project.packageFolder, 'addons', file);
      expect(portabilityProblems(addon, libtorch.directory)).to.deep.equal([]);
    }
  });

  it('works in CommonJS and in ESM, in a path with spaces', async () => {
    expect(await project.node(['-e', CJS])).to.equal(EXPECTED);
    expect(await project.node(['--input-type=module', '-e', ESM])).to.equal(EXPECTED);
  });

  it('runs README’s first program as it stands', async () => {
    const { program, printed } = firstProgram();
    project.write('first.mjs', program);
    expect(await project.node(['first.mjs'])).to.equal(printed);
  });

  it('works with no compiler, Python or shell on PATH', async () => {
    const bin = path.join(WORKSHOP, 'only-node');
    mkdirSync(bin);
    symlinkSync(process.execPath, path.join(bin, 'node'));
    expect(await project.node(['-e', CJS], { env: environment({ PATH: bin }) })).to.equal(EXPECTED);
  });

  it('works with the torch of the active Python', async function () {
    if (!libtorch.python) this.skip();
    const PATH = `${path.dirname(libtorch.python)}${path.delimiter}${process.env['PATH']}`;
    const env = environment({ PATH, LIBTORCH: undefined });
    const program = `${CJS} console.log(torch.__version__)`;
    expect(await project.node(['-e', program], { env })).to.equal(
      `${EXPECTED}\n${libtorch.version}`,
    );
  });

  it('works in a worker', async () => {
    project.write('worker.cjs', CJS);
    const program = `new (require('node:worker_threads').Worker)('./worker.cjs')`;
    expect(await project.node(['-e', program])).to.equal(EXPECTED);
  });

  it('works from a folder that it cannot write to, for a user without a home', async function () {
    if (process.getuid?.() !== 0) this.skip(); // only root can become another user
    const env = environment({ HOME: '/nonexistent' });
    const program = `require('node:assert').throws(() =>
      require('node:fs').writeFileSync('node_modules/torch-losses/x', '')); ${CJS}`;
    expect(await project.node(['-e', program], { env, uid: 65534 })).to.equal(EXPECTED);
  });

  it('works on a read-only disk', async function () {
    const inNamespace = (program: string) =>
      project.run('unshare', ['--map-root-user', '--mount', 'sh', '-ec', program]);
    if (!(await succeeds(inNamespace('true')))) return this.skip(); // unprivileged namespaces are off
    // The mounts of the namespace end with its last process.
    const mount = 'mount --bind . . && mount -o remount,bind,ro . && cd "$PWD"';
    const program = `require('node:assert').throws(() => require('node:fs').writeFileSync('x', ''), /EROFS/); ${CJS}`;
    const node = `'${process.execPath}' -e ${quoted(program)}`;
    expect(await inNamespace(`${mount} && ${node}`)).to.equal(EXPECTED);
    const doctor = `'${process.execPath}' node_modules/torch-losses/dist/cli/main.js doctor --json`;
    const report = JSON.parse(await inNamespace(`${mount} && ${doctor}`));
    expect(report.loads.ok).to.equal(true);
  });

  it('works beside another version of itself', async () => {
    const other = path.join(
      project.folder,
      'node_modules',
      'dependent',
      'node_modules',
      'torch-losses',
    );
    cpSync(project.packageFolder, other, { recursive: true });
    const file = path.join(other, 'package.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...manifest, version: '0.0.1' }));
    project.write('node_modules/dependent/index.js', `module.exports = require('torch-losses');`);
    const program = `const first = require('torch-losses'); const second = require('dependent');
      let refused;
      try { first.ones(2).add(second.ones(2)); } catch (error) { refused = error.name; }
      console.log(first === second, refused, [first, second].map((torch) => torch.ones(3).sum().item()).join());`;
    expect(await project.node(['-e', program])).to.equal('false TypeError 3,3');
  });

  it('has types for node16 and bundler resolution that stand on those of Node alone', async function () {
    this.timeout(180_000); // tsc, twice
    const source = `import torch, { nn, type Tensor } from 'torch-losses';
      const loss: Tensor = new nn.MSELoss()(torch.ones(2), torch.zeros(2));
      // @ts-expect-error
      new nn.MSELoss({ reductoin: 'sum' });
      export default loss;`;
    for (const extension of ['ts', 'mts', 'cts']) project.write(`types.${extension}`, source);
    for (const [module, moduleResolution] of [
      ['node16', 'node16'],
      ['esnext', 'bundler'],
    ]) {
      const compilerOptions = {
        module,
        moduleResolution,
        target: 'es2022',
        strict: true,
        noEmit: true,
        types: ['node'],
        typeRoots: [path.join(__dirname, '..', '..', 'node_modules', '@types')],
      };
      const files = ['types.ts', ...(module === 'node16' ? ['types.mts', 'types.cts'] : [])];
      project.write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
      await project.node([require.resolve('typescript/lib/tsc.js'), '-p', '.']).catch((error) => {
        expect.fail(`${moduleResolution}:\n${error.stdout}`);
      });
    }
  });

  it('has types, for the chai plugin too, that compile for ES2018 with node10 resolution', async function () {
    this.timeout(180_000);
    const types = path.join(ROOT, 'node_modules', '@types');
    project.write(
      'node10.ts',
      `import { expect, use } from 'chai';
      import torch, { nn, type Tensor } from 'torch-losses';
      import torchChai from 'torch-losses/chai';
      use(torchChai);
      const loss: Tensor = new nn.MSELoss()(torch.ones(2), torch.zeros(2));
      expect(loss).to.be.closeTo(loss, { rtol: 1e-3, atol: 0 });`,
    );
    const compilerOptions = {
      module: 'commonjs',
      moduleResolution: 'node10',
      ignoreDeprecations: '6.0',
      target: 'es2018',
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      types: ['node'],
      typeRoots: [types],
      paths: { chai: [path.join(types, 'chai')] },
    };
    project.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['node10.ts'] }));
    const tsc = require.resolve('typescript/lib/tsc.js');
    await project.node([tsc, '-p', '.']).catch((error) => expect.fail(error.stdout));
  });

  it('says at once that build cannot write to its folder', async () => {
    const env = environment({ TORCH_LOSSES_HOME: '/proc/torch-losses' });
    const outcome = await project
      .run('npx', ['torch-losses', 'build'], { env })
      .catch(({ code, stderr }: { code: number; stderr: string }) => `${code} ${stderr}`);
    expect(outcome).to.match(/^1 Error: Cannot write to \/proc\/torch-losses\/addons\//);
    expect(outcome).to.include('TORCH_LOSSES_HOME').and.not.to.include('Building');
  });

  it('says where there is no Python what to install, once', async () => {
    const env = environment({ LIBTORCH: undefined, PATH: path.join(WORKSHOP, 'only-node') });
    const cli = path.join(project.packageFolder, 'dist', 'cli', 'main.js');
    const outcome = await project
      .node([cli, 'doctor'], { env })
      .catch(({ code, stdout }: { code: number; stdout: string }) => `${code} ${stdout}`);
    expect(outcome)
      .to.match(/^1 /)
      .and.match(/There is no Python here: install Python 3 with pip/);
    const program = `try { require('torch-losses') } catch (error) { console.log(error.message) }`;
    expect(await project.node(['-e', program], { env })).to.match(
      /There are addons here for 2\.[\s\S]*To mend it, install Python 3 with pip .*then run `npx torch-losses setup`/,
    );
  });

  it('has the command line', async () => {
    const report = JSON.parse(await project.run('npx', ['torch-losses', 'doctor', '--json']));
    expect(path.relative(project.packageFolder, report.addon.found)).to.match(
      /^addons\/2\.\d+\/prebuilds\/[^/]+\/torch-losses(\.glibc)?\.node$/,
    );
    expect(report.loads.ok).to.equal(true);
  });

  it('says which command mends it where there is no libtorch, or no addon for it', async () => {
    const bare = environment({ LIBTORCH: undefined, PATH: path.join(WORKSHOP, 'only-node') });
    const message = `try { require('torch-losses') } catch (error) { console.log(error.code, error.message) }`;
    expect(await project.node(['-e', message], { env: bare }))
      .to.match(/^ERR_TORCH_NOT_FOUND /)
      .and.include('`npx torch-losses setup`');
    const future = path.join(WORKSHOP, 'future torch');
    mkdirSync(path.join(future, 'lib'), { recursive: true });
    writeFileSync(path.join(future, 'lib', 'libtorch_cpu.so'), '');
    writeFileSync(path.join(future, 'version.py'), "__version__ = '3.7.0'");
    const env = environment({ LIBTORCH: future });
    expect(await project.node(['-e', message], { env })).to.match(
      /future torch, which has torch 3\.7\.0, which torch-losses does not support\. Set it to/,
    );
    writeFileSync(path.join(future, 'version.py'), "__version__ = '2.11.0'");
    mkdirSync(path.join(future, 'include', 'ATen'), { recursive: true });
    expect(await project.node(['-e', message], { env })).to.match(
      /torch 2\.11\.0, for which there is no addon yet.*`npx torch-losses build`/,
    );
  });
});
