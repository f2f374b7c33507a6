/**
 * The package before bundlers: each line of docs/guides/bundlers.md, and what a user sees without it.
 * `npm run test:package` installs the bundlers; without them all of this is skipped.
 */
import { copyFileSync, cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';

import { environment, Project, ROOT, TOOLS } from './project';

const LOSS = 'nn.functional.mse_loss(torch.tensor([1, 2.5]), torch.zeros(2)).item()';
const CJS = `const torch = require('torch-losses'); const { nn } = torch; console.log(${LOSS});`;
const ESM = `import torch, { nn } from 'torch-losses'; console.log(${LOSS});`;
const EXPECTED = '3.625';
const BUNDLED = /LibtorchError.*: torch-losses has been bundled/;

/** Starts Next's standalone server on a free port, and prints what its route answers. */
const REQUEST = `require('node:net').createServer().listen(0, '127.0.0.1', function () {
  const { port } = this.address();
  this.close(async () => {
    Object.assign(process.env, { PORT: String(port), HOSTNAME: '127.0.0.1' });
    require('./server.js');
    for (;;) {
      try {
        const response = await fetch('http://127.0.0.1:' + port + '/loss');
        process.stdout.write(await response.text(), () => process.exit());
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100)); // not listening yet
      }
    }
  });
});`;

function tool(...parts: string[]): string {
  return path.join(TOOLS!, 'node_modules', ...parts);
}

const GUIDE = readFileSync(path.join(ROOT, 'docs', 'guides', 'bundlers.md'), 'utf8');

/** The row of the guide's table for a tool. */
function rowFor(name: string): string {
  return GUIDE.split('\n').find((text) => text.startsWith(`| ${name} |`))!;
}

/** The line that the guide gives for a tool. */
function lineFor(name: string): string {
  return /`([^`]+)` \|$/.exec(rowFor(name))![1]!;
}

/** What a program prints, whether or not it fails. */
function outcome(program: Promise<string>): Promise<string> {
  return program.catch(({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr);
}

describe('the package, bundled by', function () {
  this.timeout(300_000);
  let project: Project;

  before(async function () {
    if (!TOOLS) return this.skip();
    project = await new Project('bundlers').install();
    project.write('program.cjs', CJS);
    project.write('program.mjs', ESM);
  });

  async function expectBundles(bundles: readonly [file: string, works: boolean][]): Promise<void> {
    for (const [file, works] of bundles) {
      // Not through a pipe: it takes no more than a part of a bundle's only line, which Node shows with an error.
      const command = '"$0" "$1" > output.txt 2>&1 || true';
      await project.run('sh', ['-c', command, process.execPath, file]);
      const output = readFileSync(path.join(project.folder, 'output.txt'), 'utf8').trim();
      if (works) expect(output, file).to.equal(EXPECTED);
      else expect(output, file).to.match(BUNDLED);
    }
  }

  it('the versions that the guide names', () => {
    const version = (...name: string[]): string =>
      JSON.parse(readFileSync(tool(...name, 'package.json'), 'utf8')).version;
    for (const [name, ...folder] of [
      ['esbuild', 'esbuild'],
      ['webpack', 'webpack'],
      ['rollup', 'rollup'],
      ['ncc', '@vercel', 'ncc'],
      ['Vite', 'vite'],
      ['Next', 'next'],
    ] as const) {
      expect(rowFor(name)).to.match(new RegExp(`^\\| ${name} \\| ${version(...folder)} \\|`));
    }
    expect(GUIDE).to.include(`\`@vercel/nft\` ${version('@vercel', 'nft')} `);
    expect(GUIDE).to.include(
      `webpack's asset relocator ${version('@vercel', 'webpack-asset-relocator-loader')} `,
    );
  });

  it('esbuild', async () => {
    const esbuild = (...options: string[]) =>
      project.run(tool('esbuild', 'bin', 'esbuild'), [
        ...['program.mjs', '--bundle', '--platform=node'],
        ...options,
      ]);
    await esbuild('--outfile=esbuild/plain.cjs');
    await esbuild('--outfile=esbuild/plain.mjs', '--format=esm');
    await esbuild('--outfile=esbuild/external.cjs', lineFor('esbuild'));
    await esbuild('--outfile=esbuild/external.mjs', '--format=esm', lineFor('esbuild'));
    await expectBundles([
      ['esbuild/plain.cjs', false],
      ['esbuild/plain.mjs', false],
      ['esbuild/external.cjs', true],
      ['esbuild/external.mjs', true],
    ]);
  });

  it('webpack', async () => {
    for (const [filename, line] of [
      ['plain.cjs', ''],
      ['external.cjs', `${lineFor('webpack')},`],
    ]) {
      const config = `{ mode: 'production', target: 'node', entry: './program.mjs', ${line}
        output: { path: process.cwd() + '/webpack', filename: '${filename}' } }`;
      const bundle = `require(${JSON.stringify(tool('webpack'))})(${config}, (error, stats) => {
        if (error || stats.hasErrors()) throw error ?? new Error(stats.toString());
      });`;
      await project.node(['-e', bundle]);
    }
    await expectBundles([
      ['webpack/plain.cjs', false],
      ['webpack/external.cjs', true],
    ]);
  });

  it('rollup', async () => {
    const plugin = (name: string) =>
      JSON.stringify(tool('@rollup', `plugin-${name}`, 'dist', 'es', 'index.js'));
    const config = (name: string, line: string) => `{ input: 'program.mjs', ${line}
      output: [{ file: 'rollup/${name}.mjs' }, { file: 'rollup/${name}.cjs', format: 'cjs' }],
      plugins: [nodeResolve(), commonjs()] }`;
    project.write(
      'rollup.config.mjs',
      `import commonjs from ${plugin('commonjs')};
      import { nodeResolve } from ${plugin('node-resolve')};
      export default [${config('plain', '')}, ${config('external', `${lineFor('rollup')},`)}];`,
    );
    await project.node([tool('rollup', 'dist', 'bin', 'rollup'), '-c']);
    await expectBundles([
      ['rollup/plain.mjs', false],
      ['rollup/plain.cjs', false],
      ['rollup/external.mjs', true],
      ['rollup/external.cjs', true],
    ]);
  });

  it('ncc', async () => {
    const ncc = (program: string, output: string, ...options: string[]) =>
      project.node([
        tool('@vercel', 'ncc', 'dist', 'ncc', 'cli.js'),
        ...['build', program, '--out', output, ...options],
      ]);
    await ncc('program.cjs', 'ncc/plain-cjs');
    await ncc('program.mjs', 'ncc/plain-esm');
    await ncc('program.mjs', 'ncc/external', ...lineFor('ncc').split(' '));
    const copy = new Project('what ncc wrote');
    cpSync(path.join(project.folder, 'ncc', 'plain-cjs'), copy.folder, { recursive: true });
    expect(await copy.node(['index.cjs'])).to.equal(EXPECTED);
    await expectBundles([
      ['ncc/plain-esm/index.mjs', false],
      ['ncc/external/index.mjs', true],
    ]);
  });

  it('Vite', async () => {
    const build = async (name: string, ssr: string) => {
      const options = `build: { ssr: 'program.mjs', outDir: 'vite/${name}' }`;
      project.write(
        `${name}.config.mjs`,
        `const merged = { ${ssr} }; export default { ${options}, ...merged };`,
      );
      const vite = tool('vite', 'bin', 'vite.js');
      await project.node([vite, 'build', '--config', `${name}.config.mjs`]);
    };
    const line = lineFor('Vite');
    await build('plain', '');
    await build('inlined', 'ssr: { noExternal: true }');
    await build('external', line.replace('{ ', '{ noExternal: true, '));
    await expectBundles([
      ['vite/plain/program.mjs', true],
      ['vite/inlined/program.mjs', false],
      ['vite/external/program.mjs', true],
    ]);
  });

  it('Next, into its standalone output', async () => {
    const site = await new Project('next').install();
    for (const name of [
      ...['next', '@next', '@swc', 'react', 'react-dom', 'scheduler', 'styled-jsx', 'client-only'],
      ...['postcss', 'nanoid', 'picocolors', 'source-map-js', 'caniuse-lite', 'tslib'],
      'baseline-browser-mapping',
    ]) {
      const folder = path.join(site.folder, 'node_modules', name);
      cpSync(tool(name), folder, { recursive: true });
    }
    site.write(
      'app/layout.js',
      `export default ({ children }) => <html><body>{children}</body></html>;`,
    );
    site.write(
      'app/loss/route.js',
      `import torch, { nn } from 'torch-losses';
      export const dynamic = 'force-dynamic';
      export const GET = () => new Response(String(${LOSS}));`,
    );
    const build = (line: string) => {
      site.write('next.config.mjs', `export default { output: 'standalone', ${line} };`);
      const env = environment({ NEXT_TELEMETRY_DISABLED: '1' });
      return outcome(site.node(['node_modules/next/dist/bin/next', 'build'], { env }));
    };
    expect(await build('')).to.match(BUNDLED);
    await build(lineFor('Next'));
    const copy = new Project('standalone');
    const standalone = path.join(site.folder, '.next', 'standalone');
    cpSync(standalone, copy.folder, { recursive: true });
    copy.write('request.cjs', REQUEST);
    expect(await copy.node(['request.cjs'])).to.match(/3\.625$/);
  });

  it('Node, as a single executable', async () => {
    const line = lineFor('single executable');
    const programs = {
      external: `const torch = ${line}; const { nn } = torch; console.log(${LOSS});`,
      plain: CJS,
    };
    for (const [name, program] of Object.entries(programs)) {
      project.write(`${name}.cjs`, program);
      const main = name === 'plain' ? 'bundled.cjs' : `${name}.cjs`;
      if (name === 'plain') {
        const options = ['--bundle', '--platform=node', `--outfile=${main}`];
        await project.run(tool('esbuild', 'bin', 'esbuild'), [`${name}.cjs`, ...options]);
      }
      const config = { main, output: 'blob', disableExperimentalSEAWarning: true };
      project.write('sea.json', JSON.stringify(config));
      await project.node(['--experimental-sea-config', 'sea.json']);
      copyFileSync(process.execPath, path.join(project.folder, name));
      const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
      await project.node([
        tool('postject', 'dist', 'cli.js'),
        ...[name, 'NODE_SEA_BLOB', 'blob', '--sentinel-fuse', fuse],
      ]);
    }
    expect(await project.run('./external', [])).to.equal(EXPECTED);
    expect(await outcome(project.run('./plain', []))).to.match(BUNDLED);
  });
});
