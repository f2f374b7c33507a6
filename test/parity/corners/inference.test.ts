/** Inference mode, and flushing of denormal numbers. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { after, type Corner, describeCorners, int } from './corners';

const F = nn.functional;
const { inference_mode, is_grad_enabled, is_inference_mode_enabled, no_grad, ones } = torch;

const inferred = (): Tensor => inference_mode(() => ones(2));
const learnt = (): Tensor => ones(2, { requires_grad: true });
const INFERRED = 'torch.inference_mode(lambda: torch.ones(2))()';
const LEARNT = 'torch.ones(2, requires_grad=True)';

const modes = (): boolean[] => [is_inference_mode_enabled(), is_grad_enabled()];
const MODES = '[torch.is_inference_mode_enabled(), torch.is_grad_enabled()]';
/** Returns a call of a function that is decorated with a mode. */
const within = (mode: string, body: string): string => `torch.${mode}(lambda: ${body})()`;

const withFlag = <T>(run: () => T): T => {
  torch.set_flush_denormal(true);
  try {
    return run();
  } finally {
    torch.set_flush_denormal(false);
  }
};

describeCorners({
  'inference mode': [
    [MODES, () => modes()],
    [within('inference_mode', MODES), () => inference_mode(modes)],
    [
      within('inference_mode', within('no_grad', MODES)),
      () => inference_mode(() => no_grad(modes)),
    ],
    [
      within('inference_mode', within('enable_grad', MODES)),
      () => inference_mode(() => torch.enable_grad(modes)),
    ],
    [
      within('no_grad', within('inference_mode', MODES)),
      () => no_grad(() => inference_mode(modes)),
    ],
    [
      within('inference_mode', within('inference_mode(False)', MODES)),
      () => inference_mode(true, () => inference_mode(false, modes)),
    ],
    [
      `[${within('inference_mode', 'torch.set_grad_enabled(True)')} and None, ${MODES}]`,
      () => {
        inference_mode(() => torch.set_grad_enabled(true));
        return [null, modes()];
      },
    ],
    [
      within('inference_mode', `(${LEARNT} * 2).requires_grad`),
      () => inference_mode(() => learnt().mul(2).requires_grad),
    ],
  ],
  'tensors of inference mode': [
    [INFERRED, () => inferred()],
    [`${INFERRED}.is_inference()`, () => inferred().is_inference()],
    [`torch.is_inference(torch.ones(2))`, () => torch.is_inference(ones(2))],
    [
      within('inference_mode', within('inference_mode(False)', 'torch.ones(2).is_inference()')),
      () => inference_mode(() => inference_mode(false, () => ones(2).is_inference())),
    ],
    [`${INFERRED}.mul(2).is_inference()`, () => inferred().mul(2).is_inference()],
    [`${INFERRED}.view(2).is_inference()`, () => inferred().view(2).is_inference()],
    [`${INFERRED}.detach().is_inference()`, () => inferred().detach().is_inference()],
    [`${INFERRED}.clone().is_inference()`, () => inferred().clone().is_inference()],
    [`${INFERRED}._version`, () => inferred()._version],
    [`${INFERRED} * ${LEARNT}`, () => inferred().mul(learnt())],
    [`${INFERRED}.clone() * ${LEARNT}`, () => inferred().clone().mul(learnt())],
    [`${INFERRED}.add_(1)`, () => inferred().add_(1)],
    [`${INFERRED}.requires_grad_()`, () => inferred().requires_grad_()],
    [`${INFERRED}.resize_(4)`, () => inferred().resize_(4)],
    [`nn.Parameter(${INFERRED})`, () => new nn.Parameter(inferred())],
    [
      within('inference_mode', 'torch.ones(2, requires_grad=True).sum().backward()'),
      () => inference_mode(() => learnt().sum().backward()),
    ],
    [
      `after(lambda x: torch.inference_mode(lambda l: l.backward())(x.pow(2).sum()), ${LEARNT}).grad`,
      () => {
        const x = learnt();
        const loss = x.pow(2).sum();
        inference_mode(() => loss.backward());
        return x.grad;
      },
    ],
    [
      `after(lambda x: ${within('inference_mode', 'x.add_(1)')}, torch.zeros(2))._version`,
      () =>
        (after((x: Tensor) => inference_mode(() => x.add_(1)), torch.zeros(2)) as Tensor)._version,
    ],
  ],
  'losses of tensors of inference mode': [
    ...(
      [
        ['F.mse_loss(x, x)', (x) => F.mse_loss(x, x)],
        ['F.l1_loss(x, x * 2)', (x) => F.l1_loss(x, x.mul(2))],
        ['F.huber_loss(x, x)', (x) => F.huber_loss(x, x)],
        ['F.gaussian_nll_loss(x, x, x)', (x) => F.gaussian_nll_loss(x, x, x)],
        ['F.binary_cross_entropy(x, x)', (x) => F.binary_cross_entropy(x, x)],
        ['F.soft_margin_loss(x, x)', (x) => F.soft_margin_loss(x, x)],
        ['F.hinge_embedding_loss(x, x)', (x) => F.hinge_embedding_loss(x, x)],
        ['F.multi_margin_loss(x, torch.tensor(1))', (x) => F.multi_margin_loss(x, torch.tensor(1))],
        ['F.cross_entropy(x, torch.tensor(1))', (x) => F.cross_entropy(x, torch.tensor(1))],
        ['F.multilabel_margin_loss(x, x.long())', (x) => F.multilabel_margin_loss(x, x.long())],
        [
          'F.ctc_loss(x.view(2, 1, 1).expand(2, 1, 3), x.long().view(1, 2)[:, :1], (2,), (1,))',
          (x) =>
            F.ctc_loss(
              x.view(2, 1, 1).expand(2, 1, 3),
              x.long().view(1, 2).narrow(1, 0, 1),
              [2],
              [1],
            ),
        ],
        [
          'F.triplet_margin_loss(x.view(1, 2), x.view(1, 2), x.view(1, 2))',
          (x) => F.triplet_margin_loss(x.view(1, 2), x.view(1, 2), x.view(1, 2)),
        ],
      ] as readonly (readonly [string, (x: Tensor) => Tensor])[]
    ).flatMap(([python, here]): Corner[] => [
      [`(lambda x: ${python})(${INFERRED})`, () => here(inferred())],
      [
        within('inference_mode', `(lambda x: ${python})(${LEARNT})`),
        () => inference_mode(() => here(learnt())),
      ],
      [
        within('inference_mode', `(lambda x: ${python})(torch.ones(2)).is_inference()`),
        () => inference_mode(() => here(ones(2)).is_inference()),
      ],
    ]),
    [`F.mse_loss(${LEARNT}, ${INFERRED})`, () => F.mse_loss(learnt(), inferred())],
    [
      `F.cross_entropy(torch.ones(2, 3, requires_grad=True), ${INFERRED}.long())`,
      () => F.cross_entropy(ones(2, 3, { requires_grad: true }), inferred().long()),
    ],
    [
      `F.ctc_loss(torch.zeros(3, 1, 3, requires_grad=True), ${within('inference_mode', 'torch.ones(1, 1).long()')}, (3,), (1,))`,
      () =>
        F.ctc_loss(
          torch.zeros(3, 1, 3, { requires_grad: true }),
          inference_mode(() => ones(1, 1).long()),
          [3],
          [1],
        ),
    ],
  ],
  'denormal numbers': [
    ['torch.set_flush_denormal(False)', () => torch.set_flush_denormal(false)],
    ['torch.set_flush_denormal(1)', () => torch.set_flush_denormal(1 as never)],
    ['torch.set_flush_denormal(None)', () => torch.set_flush_denormal(null as never)],
    [
      '[torch.set_flush_denormal(True), torch.tensor([1e-30]).mul(1e-10).tolist(), torch.set_flush_denormal(False)]',
      () => [true, withFlag(() => torch.tensor([1e-30]).mul(1e-10).tolist()), true],
    ],
    ['(torch.tensor([1e-30]) * 1e-10).tolist()', () => torch.tensor([1e-30]).mul(1e-10).tolist()],
    ['torch.is_inference(3)', () => torch.is_inference(3 as never)],
    ['int and torch.tensor([1])', () => int(1)],
  ],
});

describe('inference_mode', () => {
  it('refuses what is no function or mode, and a promise', () => {
    expect(() => inference_mode(3 as never)).to.throw(TypeError, 'takes a function to run');
    expect(() => inference_mode('yes' as never, () => 1)).to.throw(
      TypeError,
      "'mode' must be a boolean",
    );
    expect(() => inference_mode(async () => 1)).to.throw(TypeError, 'must be synchronous');
    expect(is_inference_mode_enabled()).to.equal(false);
  });

  it('ends when the function throws', () => {
    const fail = (): never => {
      throw new Error('mine');
    };
    expect(() => inference_mode(fail)).to.throw('mine');
    expect(modes()).to.deep.equal([false, true]);
  });

  it('and flushing travel with calls off the event loop', async () => {
    const small = torch.tensor([1e-30]);
    const product = (): Promise<Tensor> => torch.ops.aten.mul.async(small, 1e-10);
    const made = await inference_mode(true, () => ({ later: product() })).later;
    expect(made.is_inference()).to.equal(true);
    const flushed = await withFlag(() => ({ later: product() })).later;
    expect(flushed.tolist()).to.deep.equal([0]);
    const kept = await product();
    expect(kept.is_inference()).to.equal(false);
    expect(kept.item()).to.be.greaterThan(0);
  });
});
