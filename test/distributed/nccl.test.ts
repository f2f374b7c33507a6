/** Backends by name and device, NCCL among them, beside Python on the same machine: with GPUs or without. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import torch from 'torch-losses';
import { findLibtorch } from '../../dist/bindings/libtorch/find';
import { native } from '../../dist/bindings/native';
import { askPython } from '../parity/parity';
import { runRanks } from './ranks';

const CASES = [
  [null, null],
  ['gloo', null],
  ['nccl', null],
  ['NCCL', null],
  ['cpu:gloo,cuda:nccl', null],
  ['cuda:nccl', null],
  ['cuda:gloo', null],
  ['cpu:gloo', null],
  ['cpu:nccl', null],
  [null, 'cuda:0'],
  ['nccl', 'cuda:0'],
  ['nccl', 'cuda'],
  ['gloo', 'cpu'],
];

const { is_built } = torch.backends.cuda;

/** Reads the outcomes. A warning counts once, since ours appear once for a line. */
function outcomesOf(text: string): object[] {
  const seen = new Set<string>();
  const isNew = (warning: string): boolean => !seen.has(warning) && Boolean(seen.add(warning));
  return (JSON.parse(text) as { warnings: string[] }[]).map((outcome) => ({
    ...outcome,
    warnings: outcome.warnings.filter(isNew),
  }));
}

describe('backends', function () {
  this.timeout(120_000);

  it('make the groups of Python, or fail with its errors', async () => {
    const args = () => [JSON.stringify(CASES)];
    const [ours] = await runRanks(['backends.js'], args);
    const [theirs] = await runRanks(['backends.py'], args);
    expect(ours!.code, ours!.output).to.equal(0);
    expect(theirs!.code, theirs!.output).to.equal(0);
    const found = outcomesOf(ours!.text);
    const expected = outcomesOf(theirs!.text);
    expect(expected).to.have.lengthOf(CASES.length);
    for (const [index, each] of CASES.entries()) {
      expect(found[index], each.join()).to.deep.equal(expected[index]);
    }
  });

  it('are there as in Python', async () => {
    const names = ['is_nccl_available', 'is_gloo_available', 'is_mpi_available'] as const;
    const [expected, default_] = await askPython(
      `import torch.distributed as dist\nfound = [getattr(dist, n)() for n in ${JSON.stringify(names)}]\nother = dist.get_default_backend_for_device('cuda')`,
      ['found', 'other'],
    );
    const { distributed } = torch;
    expect(names.map((name) => distributed[name]())).to.deep.equal(expected);
    expect(distributed.get_default_backend_for_device('cuda')).to.equal(default_);
    expect(distributed.is_backend_available('nccl')).to.equal(distributed.is_nccl_available());
  });
});

describe('NCCL', () => {
  it('is split by the colors of Python', async () => {
    const lists = [[], [0], [1], [0, 1], [1, 0], [0, 1, 2, 3], [7, 100, 65_536], [3, 4, 5, 6, 7]];
    const [expected] = await askPython(
      `from torch.distributed.distributed_c10d import _process_group_color as color\nresult = [color(r) for r in ${JSON.stringify(lists)}]`,
      ['result'],
    );
    expect(lists.map((ranks) => native.dist_split_color(ranks))).to.deep.equal(expected);
  });

  const title = 'has the functions that the addon looks up';
  if (!is_built()) {
    it(`SKIPPED: libtorch ${torch.__version__} is a CPU build`);
    return;
  }
  it(title, () => {
    const source = path.join(__dirname, '..', '..', 'native', 'distributed', 'nccl.cc');
    const text = readFileSync(source, 'utf8').replace(/"\s*"/g, '');
    const names = text.match(/\b_ZN4c10d\w+/g)!;
    expect(names).to.have.lengthOf(3);
    const library = path.join(findLibtorch().directory, 'lib', 'libtorch_cuda.so');
    const table = execFileSync('nm', ['--dynamic', '--defined-only', library], {
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    });
    const defined = new Set(table.split('\n').map((line) => line.split(' ').at(-1)));
    for (const name of names) expect(defined.has(name), name).to.equal(true);
  });
});
