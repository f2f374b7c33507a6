/**
 * A program that says which of the addon's own ways (native/kernels/shortcuts.h) each loss takes, forward and backward. One of
 * its own, as libtorch and the addon choose once per process.
 */
import torch, { nn, type Tensor } from 'torch-losses';

import { native } from '../../dist/bindings/native';
import { lackOf } from '../support/versions';

const F = nn.functional;

/** Of each shortcut, the steps that take it: `mse_loss`, `mse_loss backward`, `mse_loss of many`, ... */
export type Taken = Record<string, string[]>;

/** The uses after which a small layer is compared with what several threads make of it. */
const USES = 100;

function losses(rows: number, columns: number): Record<string, () => Tensor> {
  const leaf = (...shape: number[]): Tensor => torch.randn(shape, { requires_grad: true });
  const [x, y, z] = [leaf(rows, columns), leaf(rows, columns), leaf(rows, columns)];
  const target = torch.randn(rows, columns);
  const [probability, positive, signs] = [target.sigmoid(), target.exp(), target.sign()];
  const classes = torch.randint(0, columns, [rows]);
  const labels = torch.full([rows, columns], -1, { dtype: torch.long });
  const weight = torch.rand(columns);
  const [features, layer] = [leaf(rows, 4), leaf(columns, 4)];
  const logProbabilities = torch.randn(9, rows, columns).log_softmax(2).requires_grad_();
  const sequences = torch.randint(1, columns, [rows, 3]);
  const [steps, lengths] = [9, 3].map((length) => Array<number>(rows).fill(length));
  return {
    binary_cross_entropy: () => F.binary_cross_entropy(x.sigmoid(), probability),
    binary_cross_entropy_with_logits: () => F.binary_cross_entropy_with_logits(x, probability),
    cosine_embedding_loss: () => F.cosine_embedding_loss(x, y, torch.ones(rows)),
    cross_entropy: () => F.cross_entropy(x, classes),
    'cross_entropy with weights': () => F.cross_entropy(x, classes, { weight, ignore_index: 0 }),
    ctc_loss: () => F.ctc_loss(logProbabilities, sequences, steps!, lengths!),
    gaussian_nll_loss: () => F.gaussian_nll_loss(x, target, positive),
    hinge_embedding_loss: () => F.hinge_embedding_loss(x, signs),
    huber_loss: () => F.huber_loss(x, target),
    kl_div: () => F.kl_div(x, probability, { reduction: 'batchmean' }),
    l1_loss: () => F.l1_loss(x, target),
    linear_cross_entropy: () => F.linear_cross_entropy(features, layer, classes),
    margin_ranking_loss: () => F.margin_ranking_loss(x, y, signs),
    mse_loss: () => F.mse_loss(x, target),
    multi_margin_loss: () => F.multi_margin_loss(x, classes),
    multilabel_margin_loss: () => F.multilabel_margin_loss(x, labels),
    multilabel_soft_margin_loss: () => F.multilabel_soft_margin_loss(x, probability),
    nll_loss: () => F.nll_loss(x, classes),
    poisson_nll_loss: () => F.poisson_nll_loss(x, positive),
    smooth_l1_loss: () => F.smooth_l1_loss(x, target),
    soft_margin_loss: () => F.soft_margin_loss(x, signs),
    triplet_margin_loss: () => F.triplet_margin_loss(x, y, z),
    triplet_margin_with_distance_loss: () => F.triplet_margin_with_distance_loss(x, y, z),
  };
}

function taken(): Taken {
  torch.manual_seed(1);
  torch.set_num_threads(2);
  const result: Taken = {};
  const note = (step: string): void => {
    for (const [shortcut, is] of Object.entries(native.shortcuts_taken())) {
      result[shortcut] ??= [];
      if (is) result[shortcut].push(step);
    }
  };
  for (const [of, rows, columns, uses] of [
    ['', 8, 40, USES],
    [' of many', 400, 100, 1],
  ] as const) {
    for (const [name, compute] of Object.entries(losses(rows, columns))) {
      if (lackOf(name)) continue;
      for (let use = 0; use < uses; use++) compute().backward();
      native.shortcuts_taken(); // of these, and of comparing
      const loss = compute();
      note(name + of);
      loss.backward();
      note(`${name}${of} backward`);
    }
  }
  return result;
}

console.log(JSON.stringify(taken()));
