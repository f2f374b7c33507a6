/**
 * Optimizers against Python over 12 steps of `step` and `stepAsync`, with all options that PyTorch's own database of
 * optimizers has: parameters and state to the last bit.
 */
import { expect } from 'chai';
import torch, { optim, type Tensor } from 'torch-losses';

import { askPython, expectSample } from '../parity/parity';

// The database needs none of the modules that stand in for others here, and without them it loads in two seconds.
const DATABASE = `
import json, sys
from unittest.mock import MagicMock
def database():
    names = ['torch.testing._internal.common_' + n for n in ('device_type', 'methods_invocations', 'utils')]
    before = {name: sys.modules.get(name) for name in names}
    for name in names:
        sys.modules[name] = MagicMock(TEST_WITH_TORCHDYNAMO=False, _TestParametrizer=object)
    from torch.testing._internal import common_optimizers as c
    for name, module in before.items():
        if module is None: del sys.modules[name]
        else: sys.modules[name] = module
    return {i.name: [x.kwargs for x in c._get_optim_inputs_including_global_cliquey_kwargs('cpu', torch.float32, i)]
            for i in c.optim_db}
`;

const LIST = `${DATABASE}
def plain(value):
    return {'tensor': value.tolist()} if isinstance(value, torch.Tensor) else value
listed = json.dumps({name: [{k: plain(v) for k, v in kwargs.items()} for kwargs in cases] for name, cases in database().items()})`;

const TRAIN = `
def values(state):
    if isinstance(state, dict): return [[str(k), values(v)] for k, v in state.items()]
    if isinstance(state, (list, tuple)): return [values(v) for v in state]
    return state.detach() if isinstance(state, torch.Tensor) else state
def train(name, kwargs, dtype):
    # stepAsync records the calls of large parameters, but not those of LBFGS.
    rows, columns = (4, 3) if name == 'LBFGS' else (250, 100)
    shapes = [(rows, columns), (columns, columns) if name == 'Muon' else (columns,), (2, 5)]
    leaves = [torch.randn(s, dtype=dtype, requires_grad=True) for s in shapes]
    differentiable = kwargs.get('differentiable', False)
    ps = [p.clone() for p in leaves] if differentiable else leaves
    o = getattr(torch.optim, name)(ps, **kwargs)
    target = torch.randn(rows, columns, dtype=dtype)
    def closure():
        o.zero_grad()
        loss = sum(((p - 0.5) ** 2).sum() for p in ps) + ((ps[0] @ ps[1]) ** 4).sum() + ((ps[0] - target) ** 2).mean()
        loss.backward()
        return loss
    for _ in range(12):
        if name == 'LBFGS':
            o.step(closure)
            continue
        for p in ps:
            if differentiable: p.retain_grad()
            g = torch.randn(p.shape, dtype=dtype)
            p.grad = (g * (g > 0)).to_sparse() if name == 'SparseAdam' else g
        o.step()
    gs = torch.autograd.grad(sum(p.sum() for p in ps), leaves) if differentiable else []
    return [p.detach() for p in ps], values(o.state_dict()['state']), list(gs)
`;

type Options = Record<string, unknown>;
type Cases = Record<string, Options[]>;
type OptimizerName = Exclude<keyof typeof optim, 'Optimizer'>;

const isTensor = (value: unknown): value is { tensor: number } =>
  typeof value === 'object' && value !== null && 'tensor' in value;

const optionsOf = (kwargs: Options): Options =>
  Object.fromEntries(
    Object.entries(kwargs).map(([name, value]) => [
      name,
      isTensor(value) ? torch.tensor(value.tensor) : value,
    ]),
  );

function values(state: unknown): unknown {
  if (state instanceof torch.Tensor) return state.detach();
  if (Array.isArray(state)) return state.map(values);
  if (typeof state !== 'object' || state === null) return state;
  return Object.entries(state).map(([name, value]) => [name, values(value)]);
}

async function train(
  name: string,
  options: Options,
  dtype: torch.DType,
  isAsync: boolean,
): Promise<unknown[]> {
  torch.manual_seed(0);
  const [rows, columns] = name === 'LBFGS' ? [4, 3] : [250, 100];
  const shapes = [[rows, columns], name === 'Muon' ? [columns, columns] : [columns], [2, 5]];
  const leaves = shapes.map((shape) => torch.randn(shape, { dtype, requires_grad: true }));
  const differentiable = options['differentiable'] === true;
  const ps = differentiable ? leaves.map((p) => p.clone()) : leaves;
  const Class = optim[name as OptimizerName] as unknown as new (
    params: Tensor[],
    options: Options,
  ) => optim.Optimizer;
  const o = new Class(ps, options);
  const target = torch.randn(rows, columns, { dtype });
  const closure = (): Tensor => {
    o.zero_grad();
    const loss = ps
      .map((p) => p.sub(0.5).pow(2).sum())
      .reduce((sum, each) => sum.add(each), torch.tensor(0))
      .add(ps[0]!.matmul(ps[1]!).pow(4).sum())
      .add(ps[0]!.sub(target).pow(2).mean());
    loss.backward();
    return loss;
  };
  for (let step = 0; step < 12; step++) {
    if (name === 'LBFGS') {
      if (isAsync) await o.stepAsync(closure);
      else o.step(closure);
      continue;
    }
    for (const p of ps) {
      if (differentiable) p.retain_grad();
      const g = torch.randn(p.shape, { dtype });
      p.grad = name === 'SparseAdam' ? (torch.ops.aten.to_sparse(g.mul(g.gt(0))) as Tensor) : g;
    }
    if (isAsync) await o.stepAsync();
    else o.step();
  }
  const sum = (): Tensor => ps.map((p) => p.sum()).reduce((all, each) => all.add(each));
  const gs = differentiable ? torch.autograd.grad(sum(), leaves) : [];
  return [ps.map((p) => p.detach()), values(o.state_dict().state), gs];
}

describe('optim against PyTorch’s database', () => {
  let cases: Cases = {};

  before('read the database', async function () {
    this.timeout(120_000);
    const [listed] = await askPython(LIST, ['listed']);
    cases = JSON.parse(listed as string) as Cases;
  });

  it('has each of its optimizers', () => {
    expect(Object.keys(cases).filter((name) => !(name in optim))).to.deep.equal([]);
  });

  const NAMES =
    'Adadelta Adafactor Adagrad Adam AdamW Adamax ASGD LBFGS Muon NAdam RAdam RMSprop Rprop SGD SparseAdam';
  for (const name of NAMES.split(' ')) {
    it(`${name}: 12 steps with each case’s options`, async function () {
      this.timeout(120_000);
      expect(cases[name]).to.be.an('array').that.is.not.empty;
      const failures: string[] = [];
      for (const [index, kwargs] of cases[name]!.entries()) {
        for (const dtype of [torch.float32, torch.float64]) {
          const source = `${DATABASE}${TRAIN}
torch.manual_seed(0)
ps, state, gs = train('${name}', database()['${name}'][${index}], ${dtype})`;
          const ports = [false, true].map(
            (isAsync) => () => train(name, optionsOf(kwargs), dtype, isAsync),
          );
          await expectSample({ source, outputs: ['ps', 'state', 'gs'] }, ...ports).catch(
            (error: Error) => failures.push(`${JSON.stringify(kwargs)} ${dtype}: ${error.message}`),
          );
        }
      }
      expect(failures, `of ${2 * cases[name]!.length}`).to.deep.equal([]);
    });
  }
});
