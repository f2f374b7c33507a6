/** The package in Jest and Vitest, which `npm run test:package` installs. */
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';

import { Project, TOOLS, toolFolder } from './project';

// Both runners run these. A value that differs must be told apart, and one that does not must not.
const TESTS = `
const { tensor } = torch;
const different = {
  value: [tensor([1, 2.5]), tensor([1, 2.25])],
  shape: [tensor([1, 2]), torch.zeros(5, 5)],
  dtype: [tensor([1, 2]), tensor([1, 2]).float()],
  scalar: [tensor(1), tensor(2)],
  zero: [tensor([0.5, 0]), tensor([0.5, -0])],
  empty: [torch.empty(0, 3), torch.empty(0, 5)],
  emptyDtype: [torch.zeros(0), torch.zeros(0).long()],
  matrix: [tensor([[1, 2], [3, 4]]), tensor([[1, 2], [3, 5]])],
};
for (const [name, [a, b]] of Object.entries(different)) {
  for (const matcher of ['toEqual', 'toStrictEqual']) {
    test(name + ' ' + matcher, () => {
      for (const wrapped of [(x) => x, (x) => ({ list: [x] })]) {
        expect(wrapped(a))[matcher](wrapped(a));
        expect(wrapped(a))[matcher](wrapped(a.clone()));
        expect(wrapped(a)).not[matcher](wrapped(b));
      }
      expect([a]).toContainEqual(a.clone());
      expect({ a, b }).not.toMatchObject({ a: b });
    });
  }
}
test('shapes', () => {
  expect(torch.ones(2, 3).shape).toStrictEqual([2, 3]);
  assert.deepStrictEqual(torch.ones(2, 3).shape, [2, 3]);
});
test('snapshot', () => expect(tensor([1.5])).toMatchInlineSnapshot(\`
[
  1.5,
]
\`));
`;
const MATCHERS = `
test('matchers', () => {
  const x = tensor([1.5, 2]);
  expect(x).toEqualTensor(x.clone());
  expect(x).not.toEqualTensor(x.add(1));
  expect(x).toBeCloseToTensor(x.mul(1 + 2e-7), { ulps: 4 });
  expect(x).not.toBeCloseToTensor(x.add(1e-3));
  expect({ x }).toEqual({ x: expect.toBeCloseToTensor(x.add(1e-7)) });
  const large = torch.rand(1000, 1000);
  expect(large).toEqual(large.clone());
});`;
const FAILING = `
test('fails', () => expect(torch.tensor([1, 2.5])).toEqual(torch.tensor([1, 2.25])));
test('reports', () => expect(torch.tensor([1, 2.5])).toEqualTensor(torch.tensor([1, 2.25])));`;
const REPORTS = [
  /- "tensor\(\[1\.0000, 2\.2500\]\)/,
  /\+ "tensor\(\[1\.0000, 2\.5000\]\)/,
  /index \(1,\): expected 2\.25 \(0x40100000\) but got 2\.5 \(0x40200000\)/,
];

// Uses what a realm could be held by: errors, asynchronous calls, a tidy, a timer.
const USE = `
const torch = require('torch-losses');
const fixture = Array.from({ length: 200_000 }, (_, i) => ({ i }));
test('uses it', async () => {
  const model = new torch.nn.Linear(3, 2);
  const optimizer = new torch.optim.SGD(model.parameters(), { lr: 0.1 });
  new torch.nn.MSELoss(structuredClone({ reduction: 'sum' }))(model(torch.randn(4, 3)), torch.zeros(4, 2)).backward();
  optimizer.step();
  expect(() => torch.ones(2).add(torch.ones(3))).toThrow(torch.TorchError);
  await torch.tidy(async () => { await torch.ones(3).toTypedArrayAsync(); });
  global.kept = [torch.ones(1000), fixture];
});`;

/** Runs a program that may fail; gives all that it prints. */
async function printed(project: Project, args: string[], node = process.execPath): Promise<string> {
  const shell = '"$@" 2>&1 || true';
  return project.run('sh', ['-c', shell, 'sh', node, ...args]);
}

async function projectWith(name: string, tools: string[]): Promise<Project> {
  const project = await new Project(name, {
    jest: { testEnvironment: 'node', testMatch: ['**/*.test.js'], watchman: false },
  }).install();
  for (const tool of tools) {
    symlinkSync(toolFolder(tool)!, path.join(project.folder, 'node_modules', tool));
  }
  return project;
}

// Each test has an empty module registry, so what is loaded in it belongs to another copy than what the file imported.
const RESET = `
const torch = require('torch-losses');
const { nn } = torch;
beforeEach(() => jest.resetModules());
test('a layer', () => expect(new nn.Conv2d(1, 2, 1)(torch.ones(1, 1, 2, 2)).shape).toStrictEqual([1, 2, 2, 2]));
test('a loss', () => expect(new nn.L1Loss()(torch.ones(3), torch.zeros(3)).item()).toBe(1));
test('an optimizer', () => {
  const model = new nn.Linear(1, 1);
  model(torch.ones(1)).backward();
  new torch.optim.AdamW(model.parameters()).step();
});
test('a new copy', () => {
  const other = require('torch-losses');
  expect(other).not.toBe(torch);
  expect(other.ones(2).sum().item()).toBe(2);
});`;

const RESET_BATCH = `
const batch = require('torch-losses/batch');
const torch = require('torch-losses');
beforeEach(() => jest.resetModules());
for (const turn of [1, 2]) {
  test('a job ' + turn, async () => {
    torch.utils.numpy.save('x.npy', torch.ones(4));
    torch.utils.numpy.save('y.npy', torch.zeros(4));
    const { value } = await batch.evaluate(new torch.nn.MSELoss(), { input: 'x.npy', target: 'y.npy' }).summary();
    expect(value).toBe(1);
  });
}`;

describe('the package in test runners', function () {
  this.timeout(300_000);
  before(function () {
    if (!TOOLS) this.skip();
  });

  describe('Jest', () => {
    let project: Project;
    const jest = (...args: string[]): Promise<string> =>
      printed(project, [
        '--expose-gc',
        path.join(toolFolder('jest')!, 'bin', 'jest.js'),
        '--ci',
        ...args,
      ]);

    before(async () => {
      project = await projectWith('jest', ['jest']);
      const head = `const assert = require('node:assert'); const torch = require('torch-losses');`;
      project.write('plain.test.js', head + TESTS);
      project.write('matchers.test.js', `${head}require('torch-losses/jest');${TESTS}${MATCHERS}`);
      project.write('failing.test.js', `${head}require('torch-losses/jest');${FAILING}`);
      project.write('reset.test.js', RESET);
      project.write('reset_batch.test.js', RESET_BATCH);
      for (let i = 0; i < 16; i++) project.write(`use${i}.test.js`, USE);
    });

    it('tells tensors apart, with torch-losses/jest and without', async () => {
      expect(await jest('plain', 'matchers')).to.match(/Tests: +37 passed, 37 total/);
    });

    it('works when the module registry is reset', async () => {
      expect(await jest('reset')).to.match(/Tests: +6 passed, 6 total/);
    });

    it('says how tensors differ', async () => {
      const output = await jest('failing', '--colors=false');
      for (const report of REPORTS) expect(output).to.match(report);
    });

    it('lets go of each file that used the package', async () => {
      const output = await jest('use', '--runInBand', '--detectLeaks', '--logHeapUsage');
      expect(output).to.match(/Tests: +16 passed, 16 total/);
      const heaps = [...output.matchAll(/(\d+) MB heap size/g)].map(([, size]) => Number(size));
      expect(heaps).to.have.length(16);
      // Each fixture alone takes 5 MB.
      expect(heaps.at(-1)! - heaps[1]!).to.be.below(20);
    });

    it('finds no open handles', async () => {
      const output = await jest('use0', '--detectOpenHandles');
      expect(output)
        .to.match(/Tests: +1 passed, 1 total/)
        .and.not.include('open handle');
    });
  });

  it('Vitest tells tensors apart, and says how they differ', async () => {
    const project = await projectWith('vitest', ['vitest']);
    const vitest = (...args: string[]): Promise<string> =>
      printed(
        project,
        [path.join(toolFolder('vitest')!, 'vitest.mjs'), 'run', ...args],
        path.join(toolFolder('node24')!, 'bin', 'node'),
      );
    const head = `import assert from 'node:assert'; import torch from 'torch-losses'; import { expect, test } from 'vitest';`;
    project.write('plain.spec.mjs', head + TESTS);
    project.write('matchers.spec.mjs', `${head}import 'torch-losses/vitest';${TESTS}${MATCHERS}`);
    project.write('failing.spec.mjs', `${head}import 'torch-losses/vitest';${FAILING}`);
    expect(await vitest('plain', 'matchers', '--no-color')).to.match(/Tests +37 passed \(37\)/);
    const output = await vitest('failing', '--no-color');
    for (const report of REPORTS) expect(output).to.match(report);
  });

  it('has types for both, and for @types/jest', async () => {
    const project = await projectWith('types of runners', ['vitest', 'expect', '@jest', '@types']);
    const body = `import torch from 'torch-losses';
      const x = torch.ones(2);
      expect(x).toEqualTensor(x);
      expect(x).not.toBeCloseToTensor(x, { ulps: 4 });
      // @ts-expect-error no such option
      expect(x).toBeCloseToTensor(x, { delta: 4 });`;
    project.write(
      'vitest.mts',
      `import 'torch-losses/vitest'; import { expect } from 'vitest'; ${body}`,
    );
    project.write(
      'globals.ts',
      `import 'torch-losses/jest'; import { expect } from '@jest/globals'; ${body}`,
    );
    project.write('ambient.ts', `import 'torch-losses/jest'; ${body}`);
    for (const [file, types] of [
      ['vitest.mts', 'node'],
      ['globals.ts', 'node'],
      ['ambient.ts', 'jest'],
    ]) {
      const compilerOptions = {
        module: 'node20',
        target: 'es2022',
        strict: true,
        skipLibCheck: true,
        noEmit: true,
        types: ['node', types],
      };
      project.write('tsconfig.json', JSON.stringify({ compilerOptions, files: [file] }));
      await project.node([require.resolve('typescript/lib/tsc.js'), '-p', '.']).catch((error) => {
        expect.fail(`${file}:\n${error.stdout}`);
      });
    }
  });
});
