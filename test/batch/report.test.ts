/** What reports show: distributions, classes and calibrations beside torch's numbers, the page, and comparisons. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';
import { type BatchError, evaluate, merge } from 'torch-losses/batch';

import { Buckets } from '../../dist/batch/buckets';
import { Journal } from '../../dist/batch/journal';
import type { Statistics } from '../../dist/batch/statistics';
import { Totals } from '../../dist/batch/totals';
import { temporaryFolder } from '../support/folder';
import { runEval, summaryOf } from './command';

const { numpy } = torch.utils;
const F = nn.functional;
const ROWS = [900, 600];
const ALL = 1500;
const CLASSES = 7;
/** Neighbouring buckets are so far apart. */
const NEAR = 2 ** -7;

describe('batch: reports', () => {
  const file = temporaryFolder();
  let input: Tensor;
  let target: Tensor;
  let files: Record<'input' | 'target', string[]>;

  before(() => {
    torch.manual_seed(23);
    input = torch.randn(ALL, CLASSES).mul(2);
    target = torch.randint(0, CLASSES, [ALL]);
    files = { input: save('x', input), target: save('y', target) };
  });

  /** Saves a tensor in two files. */
  function save(name: string, tensor: Tensor): string[] {
    return ROWS.map((rows, i) => {
      const shard = file(`${name}-${i}.npy`);
      numpy.save(shard, tensor.narrow(0, i * ROWS[0]!, rows).contiguous());
      return shard;
    });
  }

  const numbers = (tensor: Tensor): Float64Array => tensor.double().toTypedArray() as Float64Array;

  function totalsOf(out: string): Totals {
    const totals = new Totals();
    for (const chunk of Journal.read(`${out}.job`)!.chunks) totals.add(chunk);
    return totals;
  }

  function expectDistribution({ buckets }: Statistics, losses: Tensor): void {
    expect(buckets.count).to.equal(losses.numel());
    expect(buckets.least).to.equal(losses.min().item());
    expect(buckets.greatest).to.equal(losses.max().item());
    for (const share of [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]) {
      const exact = losses.double().quantile(share).item();
      expect(buckets.quantile(share), `${share}`).to.be.closeTo(
        exact,
        NEAR * Math.abs(exact) + 1e-3,
      );
    }
    const counts = buckets.histogram(buckets.least, buckets.greatest, 10);
    expect(counts.reduce((sum, count) => sum + count, 0)).to.be.closeTo(losses.numel(), 1e-6);
    const exact = numbers(
      torch.histc(losses, { bins: 10, min: buckets.least, max: buckets.greatest }),
    );
    for (const [i, count] of counts.entries()) expect(count).to.be.closeTo(exact[i]!, 15);
  }

  function expectWorst({ highest }: Statistics, losses: Tensor): void {
    const order = losses.sort({ descending: true, stable: true });
    const rows = order.indices.narrow(0, 0, 20).tolist();
    expect(highest.map(({ row }) => row)).to.deep.equal(rows);
    const values = Array.from(numbers(order.values.narrow(0, 0, 20)));
    expect(highest.map(({ value }) => value)).to.deep.equal(values);
  }

  it('have the quantiles, classes, predictions and worst rows of cross entropy', async () => {
    const out = file('ce.npy');
    const weight = torch.rand(CLASSES);
    const loss = new nn.CrossEntropyLoss({ weight, ignore_index: 2, label_smoothing: 0.1 });
    const report = file('ce.html');
    await evaluate(loss, files, { out, report, memory: 40_000 }).summary();
    const losses = numpy.load(out) as Tensor;
    const { statistics } = totalsOf(out);
    expectDistribution(statistics!, losses);
    expectWorst(statistics!, losses);
    const probabilities = input.softmax(1);
    const top = probabilities.max(1);
    const counted = target.ne(2);
    expect(statistics!.classes!.has(2)).to.equal(false);
    for (const [name, { count, sum, correct }] of statistics!.classes!) {
      const own = target.eq(name);
      expect(count).to.equal(own.sum().item());
      expect(sum).to.be.closeTo(losses.index(own).double().sum().item(), 1e-9);
      expect(correct).to.equal(top.indices.eq(target).logical_and(own).sum().item());
    }
    const bins = statistics!.bins!;
    for (const [i, { count, confidence, outcome }] of bins.entries()) {
      const inBin = top.values.mul(20).floor().eq(i).logical_and(counted);
      expect(count, `${i}`).to.equal(inBin.sum().item());
      expect(confidence).to.be.closeTo(top.values.index(inBin).double().sum().item(), 1e-4);
      expect(outcome).to.equal(top.indices.eq(target).logical_and(inBin).sum().item());
    }
    expect(bins.reduce((sum, { count }) => sum + count, 0)).to.equal(counted.sum().item());
  });

  it('have the calibration of binary probabilities and logits', async () => {
    const labels = torch.rand(ALL, CLASSES).round();
    const logits = input;
    const cases: [loss: nn.BCELoss | nn.BCEWithLogitsLoss, input: Tensor][] = [
      [new nn.BCELoss(), logits.sigmoid()],
      [new nn.BCEWithLogitsLoss(), logits],
    ];
    for (const [i, [loss, given]] of cases.entries()) {
      const out = file(`bce-${i}.npy`);
      const named = { input: save(`bi-${i}`, given), target: save(`bt-${i}`, labels) };
      await evaluate(loss, named, { out, report: file('bce.html'), memory: 60_000 }).summary();
      const { statistics } = totalsOf(out);
      const losses = numpy.load(out) as Tensor;
      expectDistribution(statistics!, losses.flatten());
      const rows = losses.double().mean(1);
      const worst = rows.sort({ descending: true }).indices.narrow(0, 0, 20).tolist();
      expect(statistics!.highest.map(({ row }) => row)).to.deep.equal(worst);
      const probabilities = logits.sigmoid();
      for (const [bin, { count, outcome }] of statistics!.bins!.entries()) {
        const inBin = probabilities.mul(20).floor().clamp_max(19).eq(bin);
        expect(count).to.equal(inBin.sum().item());
        expect(outcome).to.equal(labels.index(inBin).sum().item());
      }
    }
  });

  it('are pages without scripts that name the worst rows by file, whole or in parts', async () => {
    const out = file('page.npy');
    const report = file('page.html');
    await evaluate(new nn.CrossEntropyLoss(), files, { out, report, memory: 40_000 }).summary();
    const page = readFileSync(report, 'utf8');
    expect(page)
      .to.match(/^<!doctype html>/)
      .and.not.match(/<script|https?:|src=|@import|NaN/);
    const losses = numpy.load(out) as Tensor;
    const worst = losses.argmax().item();
    const [at, row] = worst < ROWS[0]! ? [0, worst] : [1, worst - ROWS[0]!];
    expect(page).to.include(`<td>${files.input[at]}</td><td>${row}</td>`);
    for (const heading of ['Distribution', 'By class', 'Calibration', 'What limited it']) {
      expect(page).to.include(`<h2>${heading}`);
    }
    const count = (tag: string): number => page.split(tag).length;
    for (const tag of ['section', 'svg', 'table', 'div', 'figure', 'p', 'td', 'details']) {
      expect(count(`<${tag}>`) + count(`<${tag} `) - 1, tag).to.equal(count(`</${tag}>`));
    }
    const shards = file('shards.npy');
    for (const shard of ['1/2', '2/2']) {
      await evaluate(new nn.CrossEntropyLoss(), files, { out: shards, report, shard }).summary();
      expect(existsSync(file(`page.${shard.replace('/', '-of-')}.html`))).to.equal(true);
    }
    await merge(shards, { report: file('merged.html') });
    const merged = readFileSync(file('merged.html'), 'utf8');
    expect(merged).to.include('of 2 shards together');
    const section = (text: string, from: string, to: string): string =>
      text.slice(text.indexOf(from), text.indexOf(to));
    const bounds = ['<h2>Distribution', '<h2>What limited it'] as const;
    expect(section(merged, ...bounds)).to.equal(section(page, ...bounds));
  });

  it('go on with a job, and are refused for one that was started without', async () => {
    const out = file('later.npy');
    const options = { out, memory: 40_000 };
    const loss = new nn.CrossEntropyLoss();
    const report = file('later.html');
    for await (const _step of evaluate(loss, files, { ...options, report })) break;
    await evaluate(loss, files, { ...options, resume: true }).summary();
    expectWorst(totalsOf(out).statistics!, numpy.load(out) as Tensor);
    await evaluate(loss, files, { ...options, resume: true, report }).summary();
    expect(readFileSync(report, 'utf8')).to.include('CrossEntropyLoss: mean');
    await evaluate(loss, files, { ...options, overwrite: true }).summary();
    const again = evaluate(loss, files, { ...options, resume: true, report });
    const error = await again.summary().catch((caught) => caught);
    expect(error).to.include({ problem: 'changed' });
    expect(error.message).to.include('it was started without a report');
    await evaluate(loss, files, { ...options, out: file('half.npy'), shard: '1/1' }).summary();
  });

  it('of the difference of two scorings count what is lower, higher and equal', async () => {
    const other = file('other.npy');
    const changed = input.clone();
    changed.narrow(0, 0, 500).add_(torch.randn(500, CLASSES));
    const before = F.cross_entropy(changed, target, { reduction: 'none' });
    numpy.save(other, before);
    const now = F.cross_entropy(input, target, { reduction: 'none' });
    const difference = now.double().sub(before.double());
    const expected = {
      before: before.double().mean().item(),
      lower: difference.lt(0).sum().item(),
      higher: difference.gt(0).sum().item(),
      equal: difference.eq(0).sum().item(),
      nan: 0,
    };
    const report = file('compare.html');
    const out = file('now.npy');
    const args = [
      ...['--loss', 'CrossEntropyLoss', '--compare', other, '--report', report],
      ...files.input.flatMap((name) => ['--input', name]),
      ...files.target.flatMap((name) => ['--target', name]),
      ...['--memory', '40K', '--out', out],
    ];
    const outcome = await runEval([...args, '--json']);
    expect(outcome.status, outcome.stderr).to.equal(0);
    const found = summaryOf(outcome)['difference'] as Record<string, number>;
    const { mean, sum, before: meanBefore, ...counts } = found;
    const { before: exactBefore, ...exact } = expected;
    expect(counts).to.deep.equal(exact);
    expect(meanBefore).to.be.closeTo(exactBefore, 1e-12);
    expect(mean).to.be.closeTo(difference.mean().item(), 1e-12);
    expect(sum).to.be.closeTo(difference.sum().item(), 1e-9);
    const { difference: totals } = totalsOf(out);
    expectDistribution(totals!.statistics!, difference);
    const order = difference.sort({ descending: true });
    expect(totals!.statistics!.highest.map(({ row }) => row)).to.deep.equal(
      order.indices.narrow(0, 0, 20).tolist(),
    );
    expect(totals!.statistics!.lowest.map(({ row }) => row)).to.deep.equal(
      order.indices
        .narrow(0, ALL - 20, 20)
        .tolist<number[]>()
        .reverse(),
    );
    const [worst] = totals!.statistics!.highest;
    const losses = [now, before].map((each) => each.double().index(worst!.row).item());
    expect(worst!.losses).to.deep.equal(losses);
    const page = readFileSync(report, 'utf8');
    expect(page).to.include('Rows whose loss rose most').and.include('mean difference');
    // The same of two files that are there, without a loss.
    const two = await runEval(['--input', out, '--compare', other, '--json', '--report', report]);
    expect(two.status, two.stderr).to.equal(0);
    expect(summaryOf(two)['difference']).to.deep.equal(found);
    const text = await runEval(['--input', out, '--compare', other]);
    expect(text.stdout).to.match(/^Scores: mean .*\nmean difference /);
  }).timeout(60_000);

  it('refuse losses of other rows or another shape, and outputs without a loss', async () => {
    const short = file('short.npy');
    numpy.save(short, torch.ones(ALL - 1));
    const wide = file('wide.npy');
    numpy.save(wide, torch.ones(ALL, 2));
    const loss = new nn.CrossEntropyLoss();
    const errorOf = (compare: string): Promise<BatchError> =>
      evaluate(loss, files, { compare })
        .summary()
        .then(
          () => expect.fail('no error'),
          (caught) => caught,
        );
    expect((await errorOf(short)).message).to.include(
      "Input 'compare' has 1499 rows in 1 files, but 'input' has 1500 in 2",
    );
    const error = await errorOf(wide);
    expect(error).to.include({ name: 'BatchError', problem: 'data', row: 0 });
    expect(error.message).to.include('have the shape (2) in a row');
    expect(() => evaluate(null, { input: short }, { out: file('no.npy') })).to.throw(
      "'out' and 'gradOut' need a loss",
    );
    expect(() => evaluate(loss, files, { compare: 1 as never })).to.throw(
      "input 'compare' must be a path or an array of paths, got the number 1",
    );
  });

  it('count numbers in buckets whatever their size and sign', () => {
    const buckets = new Buckets();
    const values = Float64Array.of(
      -1e30,
      -2,
      -1e-40,
      -0,
      0,
      3e-38,
      1,
      1,
      5e5,
      Number.NaN,
      Infinity,
    );
    buckets.add(values);
    expect(buckets.count).to.equal(9);
    const again = new Buckets();
    again.addState(buckets.state, buckets.least, buckets.greatest);
    expect(again).to.deep.equal(buckets);
    expect([0, 0.125, 0.5, 0.8, 1].map((share) => again.quantile(share))).to.satisfy(
      ([least, second, middle, one, greatest]: number[]) =>
        least === -1e30 &&
        Math.abs(second! + 2) < 2 * NEAR &&
        Math.abs(middle!) < 1e-37 &&
        Math.abs(one! - 1) < NEAR &&
        greatest === 5e5,
    );
    expect(new Buckets().quantile(0.5)).to.be.NaN;
  });

  it('name the folder of a page that cannot be written', async () => {
    const report = path.join(file('nowhere'), 'page.html');
    const args = files.input.flatMap((name) => ['--input', name]);
    const targets = files.target.flatMap((name) => ['--target', name]);
    const given = ['--loss', 'CrossEntropyLoss', ...args, ...targets, '--report', report];
    const { status, stderr } = await runEval(given);
    expect(stderr).to.include(`${report} cannot be written: ENOENT`);
    expect(status).to.equal(6);
  });
});
