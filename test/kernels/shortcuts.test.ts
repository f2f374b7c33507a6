/**
 * The addon's own ways (native/kernels/shortcuts.h) have libtorch's bits, so the other tests pass where one is never taken: where
 * a kernel's comparison with libtorch's fails, say. Here each loss takes those that are meant for it, with each set of
 * instructions.
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';

import { expect } from 'chai';

import { CAPABILITIES } from '../support/capabilities';
import { lackOf } from '../support/versions';
import type { Taken } from './taken';

const CROSS_ENTROPIES = ['cross_entropy', 'cross_entropy with weights', 'linear_cross_entropy'];
const MARGINS = ['multi_margin_loss', 'multilabel_margin_loss'];
/** All of a loss, or of its rows. */
const IN_ONE_PASS = [
  'cosine_embedding_loss',
  'gaussian_nll_loss',
  'hinge_embedding_loss',
  'huber_loss',
  'kl_div',
  'l1_loss',
  'margin_ranking_loss',
  'mse_loss',
  'poisson_nll_loss',
  'smooth_l1_loss',
  'triplet_margin_loss',
  'triplet_margin_with_distance_loss',
];
/** Of elements alone. */
const SUMMED = [
  'binary_cross_entropy',
  'binary_cross_entropy_with_logits',
  'soft_margin_loss',
  ...IN_ONE_PASS,
];
/** Of rows or sequences: of many elements, there are few to sum up. */
const SUMMED_BY_ROWS = ['ctc_loss', 'multilabel_soft_margin_loss'];
const ALL = [...CROSS_ENTROPIES, ...MARGINS, ...SUMMED, ...SUMMED_BY_ROWS, 'nll_loss'];

const many = (losses: readonly string[]): string[] => losses.map((loss) => `${loss} of many`);
const ofBoth = (losses: readonly string[]): string[] => [...losses, ...many(losses)];
const backward = (steps: readonly string[]): string[] => steps.map((step) => `${step} backward`);
const both = (steps: readonly string[]): string[] => [...steps, ...backward(steps)];

for (const capability of CAPABILITIES) {
  describe(`shortcuts, with the instructions of ${capability}`, () => {
    const hasVectors = capability !== 'default';
    let taken: Taken;
    before('take them', () => {
      const program = path.join(__dirname, 'taken.js');
      const env = { ...process.env, ATEN_CPU_CAPABILITY: capability };
      taken = JSON.parse(execFileSync(process.execPath, [program], { env, encoding: 'utf8' }));
    });

    const rowsOfMany = many([
      'cosine_embedding_loss',
      'triplet_margin_loss',
      'triplet_margin_with_distance_loss',
      ...SUMMED_BY_ROWS,
    ]);
    const exact: Taken = {
      cross_entropy: hasVectors ? both(ofBoth(CROSS_ENTROPIES)) : [],
      ctc: both(ofBoth(['ctc_loss'])),
      inline_backward: backward(ofBoth(ALL)),
      multi_margin: both(ofBoth(['multi_margin_loss'])),
      multilabel_margin: both(ofBoth(['multilabel_margin_loss'])),
      one_pass: ofBoth(IN_ONE_PASS),
      passes_avx2: hasVectors ? ofBoth([...SUMMED, ...SUMMED_BY_ROWS]) : [],
      small_layers: both(['linear_cross_entropy']),
      sums: [...SUMMED, ...SUMMED_BY_ROWS, ...rowsOfMany],
      sums_on_threads: many(SUMMED),
    };
    /** Those that libtorch's own kernels leave to others, or not, as they divide their work. */
    const atLeast: Taken = {
      small_work: ALL,
      threads: [...both(many([...MARGINS, 'ctc_loss'])), ...many(SUMMED)],
    };

    const stepsThere = (all: Taken): [string, string[]][] =>
      Object.entries(all).map(([name, steps]) => [name, steps.filter((step) => !lackOf(step))]);
    for (const [shortcut, steps] of stepsThere(exact)) {
      it(`${shortcut}: ${steps.length} steps take it, and no others`, () => {
        expect(taken[shortcut]).to.have.members(steps);
      });
    }
    for (const [shortcut, steps] of stepsThere(atLeast)) {
      it(`${shortcut}: ${steps.length} steps take it, at least`, () => {
        expect(taken[shortcut]).to.include.members(steps);
      });
    }
    it('there are no others', () => {
      expect(taken).to.have.all.keys(...Object.keys(exact), ...Object.keys(atLeast));
    });
  });
}
