/** torch.autograd.functional, compared with Python. */
import { expect } from 'chai';
import torch, { type Tensor } from 'torch-losses';

import { type Corner, describeCorners } from '../parity/corners/corners';

const { jacobian, hessian, vjp, jvp, vhp, hvp } = torch.autograd.functional;

const x = (): Tensor => torch.arange(4, { dtype: torch.float64 }).div(3).add(1).view(2, 2);
const y = (): Tensor => torch.arange(2, { dtype: torch.float64 }).add(0.5);

/** Functions in Python, and the same in JavaScript, with the inputs for each. */
const X = 'torch.arange(4, dtype=torch.float64).div(3).add(1).view(2, 2)';
const Y = 'torch.arange(2, dtype=torch.float64).add(0.5)';
const af = 'torch.autograd.functional';

const exp = (v: Tensor): Tensor => v.exp().sum(1);
const two = (a: Tensor, b: Tensor): Tensor[] => [a.mm(b.view(2, 1)), b.pow(3)];
const cube = (v: Tensor): Tensor => v.pow(3).sum();
const mixed = (a: Tensor, b: Tensor): Tensor => a.mul(b).pow(2).sum();
const EXP = 'lambda v: v.exp().sum(1)';
const TWO = 'lambda a, b: (a.mm(b.view(2, 1)), b.pow(3))';
const CUBE = 'lambda v: v.pow(3).sum()';
const MIXED = 'lambda a, b: (a * b).pow(2).sum()';
const LINEAR = 'lambda v: v.sum()';
const linear = (v: Tensor): Tensor => v.sum();
const CONSTANT = 'lambda v: torch.ones(2)';
const constant = (): Tensor => torch.ones(2);

const both = (python: string, options: string, here: (o: object) => unknown, o: object): Corner => [
  `${python}${options})`,
  () => here(o),
];

const OPTIONS: readonly (readonly [string, object])[] = [
  ['', {}],
  [', create_graph=True', { create_graph: true }],
  [', strict=True', { strict: true }],
  [', create_graph=True, strict=True', { create_graph: true, strict: true }],
];

const withOptions = (python: string, here: (o: object) => unknown): Corner[] =>
  OPTIONS.map(([text, o]) => both(python, text, here, o));

describeCorners({
  'autograd.functional.jacobian': [
    ...withOptions(`${af}.jacobian(${EXP}, ${X}`, (o) => jacobian(exp, x(), o)),
    ...withOptions(`${af}.jacobian(${TWO}, (${X}, ${Y})`, (o) => jacobian(two, [x(), y()], o)),
    ...withOptions(`${af}.jacobian(${CONSTANT}, ${X}`, (o) => jacobian(constant, x(), o)),
    ...withOptions(`${af}.jacobian(${LINEAR}, ${X}.requires_grad_()`, (o) =>
      jacobian(linear, x().requires_grad_(), o),
    ),
    [`${af}.jacobian(${EXP}, (${X}, 3))`, () => jacobian(exp, [x(), 3 as never])],
    [`${af}.jacobian(lambda v: 3, ${X})`, () => jacobian(() => 3 as never, x())],
  ],
  'autograd.functional.hessian': [
    ...withOptions(`${af}.hessian(${CUBE}, ${X}`, (o) => hessian(cube, x(), o)),
    ...withOptions(`${af}.hessian(${MIXED}, (${X}, ${Y})`, (o) => hessian(mixed, [x(), y()], o)),
    ...withOptions(`${af}.hessian(${LINEAR}, ${X}`, (o) => hessian(linear, x(), o)),
    [`${af}.hessian(${EXP}, ${X})`, () => hessian(exp, x())],
    [`${af}.hessian(lambda v: (v.sum(),), ${X})`, () => hessian((v: Tensor) => [v.sum()], x())],
  ],
  'autograd.functional products': [
    ...withOptions(`${af}.vjp(${EXP}, ${X}, ${Y}`, (o) => vjp(exp, x(), y(), o)),
    ...withOptions(`${af}.vjp(${CUBE}, ${X}`, (o) => vjp(cube, x(), o)),
    ...withOptions(`${af}.jvp(${EXP}, ${X}, ${X}`, (o) => jvp(exp, x(), x(), o)),
    ...withOptions(`${af}.jvp(${TWO}, (${X}, ${Y}), (${X}, ${Y})`, (o) =>
      jvp(two, [x(), y()], [x(), y()], o),
    ),
    ...withOptions(`${af}.vhp(${CUBE}, ${X}, ${X}`, (o) => vhp(cube, x(), x(), o)),
    ...withOptions(`${af}.vhp(${MIXED}, (${X}, ${Y}), (${X}, ${Y})`, (o) =>
      vhp(mixed, [x(), y()], [x(), y()], o),
    ),
    ...withOptions(`${af}.hvp(${CUBE}, ${X}, ${X}`, (o) => hvp(cube, x(), x(), o)),
    ...withOptions(`${af}.hvp(${LINEAR}, ${X}, ${X}`, (o) => hvp(linear, x(), x(), o)),
    [`${af}.vjp(${EXP}, ${X})`, () => vjp(exp, x())],
    [`${af}.jvp(${EXP}, ${X})`, () => jvp(exp, x())],
    [`${af}.vhp(${CUBE}, ${X})`, () => vhp(cube, x())],
    [`${af}.vjp(${EXP}, ${X}, ${X})`, () => vjp(exp, x(), x())],
    [`${af}.jvp(${TWO}, (${X}, ${Y}), ${X})`, () => jvp(two, [x(), y()], x())],
    [`${af}.jvp(${TWO}, (${X}, ${Y}), (${X}, ${X}))`, () => jvp(two, [x(), y()], [x(), x()])],
  ],
});

describe('autograd.functional', () => {
  it('refuses vectorize and forward mode, which it does not have', () => {
    for (const options of [{ vectorize: true }, { strategy: 'forward-mode' }]) {
      expect(() => jacobian(exp, x(), options as never)).to.throw('are not supported');
    }
    expect(() => jacobian(exp, x(), { strategy: 'sideways' } as never)).to.throw(
      TypeError,
      "argument 'strategy' must be 'reverse-mode' or 'forward-mode', got 'sideways'",
    );
    expect(() => jacobian(3 as never, x())).to.throw(TypeError, "argument 'func'");
  });
});
