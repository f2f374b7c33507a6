/** SummaryWriter: files as TensorBoard reads them, beside those of Python's writer. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import torch from 'torch-losses';

import { environmentWith } from '../../support/environment';

const { SummaryWriter } = torch.utils.tensorboard;
const ROOT = path.join(__dirname, '..', '..', '..');
const READER = path.join(ROOT, 'test', 'fixtures', 'events.py');
type Files = [folder: string, name: string, events: object[]][];

/** A PNG file with the pixels that events.py has. */
const FIGURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAHUlEQVR4nGP4z8DA0MDAwMjE/Ov3HwZODnYGhv8AODcFjjRs8CgAAAAASUVORK5CYII=',
  'base64',
);

/** Calls what events.py calls. */
function write(log_dir: string): void {
  const x = torch.arange(24).reshape(2, 3, 4).float();
  const w = new SummaryWriter(log_dir, { purge_step: 2, filename_suffix: '.end' });
  w.add_scalar('loss', 0.5, 0);
  w.add_scalar('loss', torch.tensor([2.5]), 1, 1234.5);
  w.add_scalar('loss', torch.tensor(1.5, { dtype: torch.bfloat16 }), { global_step: -3 });
  w.add_scalar('new', 0.1, 2 ** 40, { new_style: true });
  w.add_scalar('double', 0.1, 3, { new_style: true, double_precision: true });
  w.add_scalar('zero', 0);
  w.add_scalars('both/parts', { a: 1, b: torch.tensor(2) }, 5);
  w.add_text('notes', 'Größe **fett**', 7);
  w.add_histogram('tensorflow', torch.arange(-10, 10).float().div(4), 1);
  w.add_histogram('positive', torch.tensor([1, 2, 2, 3]), 1, 'tensorflow');
  w.add_histogram('one', torch.ones(4), 1);
  w.add_histogram('equal', torch.arange(32).float(), 1, { bins: 8 });
  w.add_histogram('same', torch.full([4], 2).float(), 1, { bins: 4 });
  w.add_histogram('limits', torch.arange(16).float(), 1, { bins: [0, 4, 8.5, 20] });
  w.add_histogram('joined', torch.arange(32).float(), 1, { bins: 10, max_bins: 3 });
  w.add_histogram('few', torch.arange(-16, 16).float(), 1, { max_bins: 64 });
  const chw = x.index(torch.slice(null, 1)).expand(3, 3, 4);
  w.add_image('chw', chw.div(24), 1);
  w.add_image('bytes', x.index(0).mul(10).to(torch.uint8), 1, { dataformats: 'HW' });
  const hwc = torch.cat([x.div(12), x.div(-9)], 2).index('...', torch.slice(null, 4));
  w.add_image('hwc', hwc.double(), { dataformats: 'HWC' });
  const one = x.index('...', torch.slice(null, 1)).div(24);
  w.add_image('one', one, { dataformats: 'hwc' });
  w.add_images('grid', torch.arange(132).float().reshape(11, 1, 3, 4).div(132), 2);
  const nhwc = torch.arange(72).float().reshape(2, 3, 4, 3).to(torch.bfloat16).div(72);
  w.add_images('nhwc', nhwc, 2, { dataformats: 'NHWC' });
  w.add_figure('figure', FIGURE, 3);
  const sound = torch.arange(100).float().div(5).sin();
  w.add_audio('sound', sound.unsqueeze(0), 3, { sample_rate: 8000 });
  w.add_audio('loud', sound.double().mul(2));
  w.add_hparams(
    { lr: 0.1, name: 'adam', on: true, n: 3, t: torch.tensor([4]), none: null },
    { accuracy: 10, loss: torch.tensor(0.25) },
    {
      hparam_domain_discrete: { lr: [0.1, 0.2], name: ['adam', 'sgd'] },
      run_name: 'first',
      global_step: 4,
    },
  );
  w.flush();
  w.close();
  w.add_scalar('again', 1, 1);
  w.close();
}

describe('torch.utils.tensorboard', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'torch-losses-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("writes the files and events of Python's writer, and TensorBoard reads them", async function () {
    this.timeout(600_000);
    const found = environmentWith(
      'tensorboard',
      ['tensorboard', 'pillow'],
      ['tensorboard', 'PIL', 'numpy'],
    );
    if ('reason' in found) {
      console.log(`      ${found.reason}`);
      return this.skip();
    }
    write(directory);
    const stdout = await found.run([READER, directory]);
    const { python, ours, tags } = JSON.parse(stdout) as {
      python: Files;
      ours: Files;
      tags: Record<string, string[]>;
    };
    expect(ours).to.deep.equal(python);
    // TensorBoard reads the files in the order of their names, which end in a count: 10 comes before 9.
    expect(tags['scalars']).to.have.members(['loss', 'zero', 'again']);
    expect(tags['histograms']).to.have.length(8);
    expect(tags['images']).to.have.length(7);
    expect(tags['audio']).to.have.members(['sound', 'loud']);
  });

  it('names files as Python, and the default directory by time and host', () => {
    const writer = new SummaryWriter(directory);
    const [name] = readdirSync(directory);
    expect(name)
      .to.match(/^events\.out\.tfevents\.\d{10}\./)
      .and.include(`.${hostname()}.${process.pid}.`);
    expect(writer.get_logdir()).to.equal(directory);
    writer.close();
    const { stdout } = spawnSync(
      process.execPath,
      [
        '-e',
        "console.log(new (require(process.argv[1]).utils.tensorboard.SummaryWriter)({ comment: '-x' }).log_dir)",
        ROOT,
      ],
      { cwd: directory },
    );
    expect(String(stdout).trim()).to.match(/^runs\/[A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_.*-x$/);
  });

  it('writes what waits when many events wait, on flush, and when the process ends', () => {
    const sizeOf = (folder: string): number =>
      readFileSync(
        path.join(folder, readdirSync(folder).find((name) => name.startsWith('events'))!),
      ).length;
    const writer = new SummaryWriter(directory, { max_queue: 2 });
    const begun = sizeOf(directory);
    for (let step = 0; step < 2; step++) writer.add_scalar('a', step, step);
    expect(sizeOf(directory)).to.equal(begun);
    writer.add_scalar('a', 2, 2);
    const three = sizeOf(directory);
    expect(three).to.be.greaterThan(begun);
    writer.add_scalar('a', 3, 3);
    writer.flush();
    expect(sizeOf(directory)).to.be.greaterThan(three);
    writer.close();
    const ended = path.join(directory, 'ended');
    const program = `const { SummaryWriter } = require(process.argv[1]).utils.tensorboard;
      const writer = new SummaryWriter(process.argv[2]);
      for (let step = 0; step < 4; step++) writer.add_scalar('a', step, step);`;
    expect(spawnSync(process.execPath, ['-e', program, ROOT, ended]).status).to.equal(0);
    expect(sizeOf(ended)).to.equal(sizeOf(directory));
  });

  it('refuses what Python does, and names an argument of the wrong type', () => {
    using writer = new SummaryWriter(directory);
    const images = torch.zeros(2, 4, 3, 3);
    const wrong: readonly (readonly [() => void, string])[] = [
      [
        () => writer.add_scalar('a', torch.ones(2)),
        'Tensor should contain one element (0 dimensions).',
      ],
      [() => writer.add_scalar('a', 'x' as never), 'a scalar must be a number or a Tensor'],
      [() => writer.add_scalar(5 as never, 1), "argument 'tag' must be a string"],
      [() => writer.add_histogram('a', torch.ones(0)), 'The input has no element.'],
      [
        () => writer.add_histogram('a', torch.ones(1), { bins: 'auto' as never }),
        "'bins' must be 'tensorflow'",
      ],
      [() => writer.add_histogram('a', torch.ones(1), { bins: [5, 6] }), 'The histogram is empty'],
      [
        () => writer.add_image('a', torch.ones(2, 2)),
        'size of input tensor and input format are different.',
      ],
      [
        () => writer.add_image('a', torch.ones(1, 2, 2), { dataformats: 'CHH' }),
        'the same dimension shorthand twice',
      ],
      [
        () => writer.add_image('a', torch.ones(1, 2, 2), { dataformats: 'ABC' }),
        'the letters of HWC',
      ],
      [() => writer.add_image('a', torch.ones(5, 2, 2)), 'an image has 1, 3 or 4 channels, got 5'],
      [() => writer.add_images('a', images), 'Input should be a 4D numpy array with 3 channels'],
      [
        () => writer.add_figure('a', 'figure.png' as never),
        "'figure' must be a Uint8Array with a PNG file",
      ],
      [() => writer.add_figure('a', new Uint8Array(40)), "'figure' must be a Uint8Array"],
      [() => writer.add_audio('a', torch.ones(2, 2)), 'input tensor should be 1 dimensional.'],
      [
        () => writer.add_audio('a', torch.ones(2), { sample_rate: 0 }),
        "'sample_rate' must be a positive integer",
      ],
      [
        () => writer.add_hparams({ a: [] as never }, {}),
        'value should be one of int, float, str, bool, or torch.Tensor',
      ],
      [
        () => writer.add_hparams(5 as never, {}),
        'hparam_dict and metric_dict should be dictionary',
      ],
      [
        () => writer.add_hparams({ a: 1 }, {}, { hparam_domain_discrete: { a: ['x'] } }),
        'hparam_domain_discrete[a] should be a list of same type as hparam_dict[a].',
      ],
    ];
    for (const [call, text] of wrong) {
      expect(call, text)
        .to.throw(text)
        .with.property('code')
        .that.matches(/^ERR_TORCH_/);
    }
  });
});
