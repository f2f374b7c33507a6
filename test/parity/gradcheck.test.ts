/**
 * `torch.autograd.gradcheck` and `gradgradcheck`, compared with Python: the result and the exact report for functions
 * with right and wrong gradients, and the result for every loss.
 */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { LOSSES, type LossRow } from '../../dist/testing/parity/losses';
import { REDUCTIONS } from '../../dist/testing/parity/losses/row';
import { type DType, Input, Random, type TensorOptions } from '../support/data';
import { type Argument, type Call, float, type Options, PerLanguage } from './case';
import { expectParity } from './parity';

const random = new Random(43);

type Check = 'gradcheck' | 'gradgradcheck';

const call = (check: Check, func: PerLanguage, inputs: Argument, kwargs: Options = {}): Call => ({
  callee: `torch.autograd.${check}`,
  args: [func, inputs],
  kwargs,
  seed: 3,
  warnsOnce: true,
});

const doubles = (shape: readonly number[], options: TensorOptions = {}): Input =>
  random.normal(shape, { dtype: 'float64', requires_grad: true, ...options });

type Unary = (x: Tensor) => Tensor | readonly Tensor[];
const f = (python: string, javascript: Unary): PerLanguage =>
  new PerLanguage(`lambda x: ${python}`, javascript);

/** Functions of one tensor. Some have right gradients, most have wrong ones, each in its own way. */
const FUNCTIONS: readonly PerLanguage[] = [
  f('x * x', (x) => x.mul(x)),
  f('(x.sin(), x.sum())', (x) => [x.sin(), x.sum()]),
  f('[x.exp() * x.detach(), x * 2.0]', (x) => [x.exp().mul(x.detach()), x.mul(2)]),
  f('x.detach() * x', (x) => x.detach().mul(x)),
  f('(x * 2.0, x.detach() * x)', (x) => [x.mul(2), x.detach().mul(x)]),
  f('x.detach()', (x) => x.detach()),
  f('x.detach() * 0.0', (x) => x.detach().mul(0)),
  f('torch.ones(2)', () => torch.ones(2)),
  f('x.detach().sum()', (x) => x.detach().sum()),
  f('(x.detach() * 2.0, x * 3.0)', (x) => [x.detach().mul(2), x.mul(3)]),
  f('x.floor() * x', (x) => x.floor().mul(x)),
  f('(x * 2.0, (x * 5.0).long())', (x) => [x.mul(2), x.mul(5).long()]),
  f('F.dropout(x, 0.5)', (x) => nn.functional.dropout(x, { p: 0.5 })),
  f('x.float().double() ** 2.0', (x) => x.float().double().pow(2)),
  f('x.abs() ** 0.5', (x) => x.abs().pow(0.5)),
  f('x.sum() * 1e5', (x) => x.sum().mul(1e5)),
  f('x / 0.0', (x) => x.div(0)),
  f('x[:0]', (x) => (x.ndim > 0 ? x.index(torch.slice(0)) : x.reshape([1]).index(torch.slice(0)))),
];

/** Functions of complex tensors. */
const COMPLEX: readonly PerLanguage[] = [
  f('x * x.conj()', (x) => x.mul(x.conj())),
  f('x * x', (x) => x.mul(x)),
  f('x.abs()', (x) => x.abs()),
  f('x.real * x.detach().imag', (x) => x.real.mul(x.detach().imag)),
  f('x * x.detach()', (x) => x.mul(x.detach())),
  f('(x.real, x.detach() * x)', (x) => [x.real, x.detach().mul(x)]),
  f('x.detach()', (x) => x.detach()),
];

const MODES: readonly Options[] = [{}, { fast_mode: true }];

const casesOf = (
  functions: readonly PerLanguage[],
  dtype: DType,
  checks: readonly Check[],
): Call[] =>
  functions.flatMap((func) =>
    checks.flatMap((check) =>
      MODES.flatMap((mode) =>
        [[2, 2], [3], []]
          .filter((shape) => shape.length > 0 || !func.python.includes('[:0]'))
          .map((shape) => call(check, func, doubles(shape, { dtype }), mode)),
      ),
    ),
  );

// --- losses ----------------------------------------------------------------------------------------------------------

type Loss = (...args: unknown[]) => Tensor;

/** Returns a tensor as an expression in both languages, so that a function can contain it. */
function constant(value: Input): PerLanguage {
  const elements = [...new Float64Array(value.bytes.slice().buffer)];
  const python = `torch.tensor([${elements}], dtype=torch.float64).reshape(${JSON.stringify(value.base)})`;
  const array = torch.tensor(Float64Array.from(elements)).reshape([...value.base]);
  return new PerLanguage(python, array);
}

function lossCase(row: LossRow, check: Check, mode: Options, kwargs: Options): Call {
  const small = row.shapes.filter((shape) => shape.reduce((a, b) => a * b, 1) <= 15);
  const shape = random.pick(small);
  const options: TensorOptions = { dtype: 'float64', requires_grad: true };
  const targets = { ...options, requires_grad: !row.fixedTargets && random.next() < 0.5 };
  const inputs = row.inputs(random, shape, options, targets);
  const fixed = Object.entries(kwargs).map(
    ([key, value]) => [key, value instanceof Input ? constant(value) : value] as const,
  );
  const literal = (value: Argument): string => {
    if (value instanceof PerLanguage) return value.python;
    if (value === null) return 'None';
    return typeof value === 'boolean' ? (value ? 'True' : 'False') : JSON.stringify(value);
  };
  const given = fixed.map(([key, value]) => `, ${key}=${literal(value)}`).join('');
  const named = Object.fromEntries(
    fixed.map(([key, value]) => [key, value instanceof PerLanguage ? value.javascript : value]),
  );
  const loss = (nn.functional as unknown as Record<string, Loss>)[row.functional!]!;
  const func = new PerLanguage(`lambda *xs: F.${row.functional}(*xs${given})`, (...xs: unknown[]) =>
    loss(...xs, named),
  );
  return call(check, func, inputs, { ...mode, raise_exception: random.next() < 0.5 });
}

/** Returns cases with every reduction and every value of every option, including invalid ones. */
function lossCases(row: LossRow): Call[] {
  const shape = row.shapes[0]!;
  const options: Options[] = REDUCTIONS.map((reduction) => ({ reduction }));
  for (const [name, values] of Object.entries({ ...row.options, ...row.functionalOptions })) {
    if (name === 'distance_function') continue;
    for (const value of values(random, shape, { dtype: 'float64' })) {
      options.push({ reduction: random.pick(REDUCTIONS), [name]: value });
    }
  }
  return options.flatMap((kwargs) => [
    lossCase(row, 'gradcheck', random.pick(MODES), kwargs),
    lossCase(row, 'gradgradcheck', { fast_mode: true }, kwargs),
  ]);
}

describe('parity: torch.autograd.gradcheck', function () {
  this.timeout(120_000);

  it('functions of real tensors', () =>
    expectParity(casesOf(FUNCTIONS, 'float64', ['gradcheck', 'gradgradcheck'])));

  it('functions of complex tensors', () =>
    expectParity(casesOf(COMPLEX, 'complex128', ['gradcheck', 'gradgradcheck'])));

  it('functions whose outputs change with the inputs', () => {
    const near = Input.of('float64', [2], () => 1, { requires_grad: true });
    const change: readonly PerLanguage[] = [
      f('x[x >= 1.0]', (x) => x.index(x.ge(1))),
      f('x.sum() if x[0] >= 1.0 else x.float()', (x) =>
        x.index(0).item() >= 1 ? x.sum() : x.float(),
      ),
      f('x if x[0] >= 1.0 else x.float()', (x) => (x.index(0).item() >= 1 ? x : x.float())),
    ];
    return expectParity(
      change.flatMap((func) => MODES.map((mode) => call('gradcheck', func, near, mode))),
    );
  });

  it('inputs of every kind', () => {
    const second = new PerLanguage('lambda a, b: a * b', (a: Tensor, b: Tensor | number) =>
      a.mul(b),
    );
    const single = f('x * x', (x) => x.mul(x));
    const shape = [2, 3];
    const inputs: [PerLanguage, Argument][] = [
      [second, [doubles(shape), doubles(shape)]],
      [second, [doubles(shape), doubles(shape, { requires_grad: false })]],
      [second, [doubles(shape), float(2.5)]],
      [second, [doubles(shape, { requires_grad: false }), doubles([3])]],
      [single, doubles(shape, { requires_grad: false })],
      [single, doubles(shape, { dtype: 'float32' })],
      [single, doubles(shape, { dtype: 'complex64' })],
      [single, doubles(shape, { layout: 'transposed' })],
      [single, doubles(shape, { layout: 'expanded' })],
      [single, doubles([0, 3])],
    ];
    return expectParity(
      inputs.flatMap(([func, given]) => MODES.map((mode) => call('gradcheck', func, given, mode))),
    );
  });

  it('options', () => {
    const right = f('x ** 3.0', (x) => x.pow(3));
    const wrong = f('x.detach() * x', (x) => x.detach().mul(x));
    const options: Options[] = [
      { eps: float(1e-3) },
      { eps: float(1) },
      { atol: float(10) },
      { rtol: float(1e-12), atol: float(0) },
      { nondet_tol: float(-1) },
      { nondet_tol: float(-1), fast_mode: true },
      { raise_exception: false },
      { raise_exception: false, nondet_tol: float(-1) },
      { check_undefined_grad: false },
      { check_grad_dtypes: true },
      { masked: true },
      { check_backward_ad: false },
      { check_backward_ad: false, check_batched_grad: true },
      { check_batched_forward_grad: true },
    ];
    return expectParity([
      ...options.flatMap((kwargs) =>
        [right, wrong].map((func) => call('gradcheck', func, doubles([2]), kwargs)),
      ),
      ...(
        [
          { check_rev_over_rev: false },
          { check_rev_over_rev: false, check_fwd_over_rev: true },
          { gen_non_contig_grad_outputs: true },
          { gen_non_contig_grad_outputs: true, fast_mode: true, raise_exception: false },
          { grad_outputs: doubles([2]) },
          { grad_outputs: [doubles([2], { requires_grad: false })] },
          { grad_outputs: doubles([3]) },
          { masked: null },
        ] as Options[]
      ).flatMap((kwargs) =>
        [right, wrong].map((func) => call('gradgradcheck', func, doubles([2]), kwargs)),
      ),
    ]);
  });

  // Only losses of tensors.
  for (const row of LOSSES.filter(({ functional }) => functional && functional !== 'ctc_loss')) {
    it(`${row.functional}${row.options ? ' and its options' : ''}`, () =>
      expectParity(lossCases(row)));
  }

  it('says what is not supported, and what is no output', () => {
    const { gradcheck, gradgradcheck, GradcheckError } = torch.autograd;
    const x = torch.ones(2, { dtype: torch.float64, requires_grad: true });
    const wrong = (input: Tensor): Tensor => input.detach().mul(input);
    expect(() => gradcheck(wrong, x))
      .to.throw(GradcheckError)
      .with.property('code', 'ERR_TORCH_GRADCHECK');
    expect(() => gradcheck(wrong, x)).to.throw(torch.TorchError);
    for (const option of ['check_forward_ad', 'check_batched_grad']) {
      expect(() => gradcheck(wrong, x, { [option]: true }))
        .to.throw(option)
        .with.property('pythonType', 'NotImplementedError');
    }
    expect(() => gradgradcheck(wrong, x, { check_fwd_over_rev: true as never })).to.throw(
      'forward-mode',
    );
    expect(() => gradcheck((() => 1) as never, x)).to.throw(TypeError, 'func must return');
    expect(() => gradcheck(1 as never, x)).to.throw(TypeError, "'func'");
    expect(() => gradcheck(wrong, x, { ep: 1 } as object)).to.throw(TypeError, "'eps'");
    const sparse = torch.ops.aten.to_sparse!(x.detach()) as Tensor;
    expect(() => gradcheck(wrong, sparse.requires_grad_())).to.throw('sparse');
  });
});
