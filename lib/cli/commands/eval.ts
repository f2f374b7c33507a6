import type { BatchProgress } from '../../batch';
import { defineCommand } from '../command';
import { CommandError, UsageError } from '../errors';
import { MERGE_HELP, mergeParts, statusOf, summaryText } from '../eval_merge';
import { groupOfRanks, leaveRanks } from '../eval_ranks';
import {
  bytes,
  dtypesNamed,
  kebab,
  lossHelp,
  lossNamed,
  lossOptions,
  partGiven,
} from '../eval_values';
import type { Progress } from '../progress';
import type { Terminal } from '../terminal';

/** What the process ends with, by the problem of a BatchError. */
const STATUS = { data: 3, changed: 4, busy: 4, exists: 4, parts: 4, write: 6 } as const;
/** SIGINT or SIGTERM ended the job. */
const INTERRUPTED = 130;

/** The inputs of all losses. */
const INPUTS = {
  input: 'Logits, log-probabilities, scores or predictions',
  target: 'Classes, probabilities or numbers to predict',
  input1: 'The first of two inputs',
  input2: 'The second of two inputs',
  anchor: 'The anchors of triplets',
  positive: 'The positive examples',
  negative: 'The negative examples',
  log_probs: 'Log-probabilities of sequences, (T, N, C)',
  targets: 'Labels of sequences, (N, S)',
  input_lengths: 'Lengths of the inputs',
  target_lengths: 'Lengths of the targets',
  var: 'Variances',
  weight: 'A weight for each element, for losses that take one',
} as const;

const inputOption = (description: string) =>
  ({ type: 'string', multiple: true, value: 'FILES', description }) as const;

/** Computes a loss for each row of files that may be larger than memory. */
export const evaluation = defineCommand({
  name: 'eval',
  summary: 'Compute a loss for each row of files that may be larger than memory',
  description:
    '  FILES is a path, a pattern in quotes, a folder, a .txt file with a path in each line, or - for standard input.\n' +
    '  They are .npy, .npz, .safetensors, files of torch.save, Parquet or JSON lines (also .gz and .zst); an array or\n' +
    '  column of several in a file is named as FILE:NAME.\n' +
    '  `eval --help CrossEntropyLoss` shows the inputs and options of a loss.\n' +
    '  The exit status is 0 if all losses are computed, 1 for a failure of the program, 2 for wrong options, 3 for a file\n' +
    '  or row that is wrong, 4 for an output that exists, is in use or belongs to another job, or shards that cannot be\n' +
    '  merged, 5 if rows were skipped or losses are NaN, 6 for an output that cannot be written, and 130 if the job was\n' +
    '  interrupted.\n' +
    '  Under torchrun, each rank does its shard, and rank 0 prints the summary of all and writes the report.\n' +
    '  `eval merge OUT` gives the summary of the shards of a job.',
  operands: { usage: '[merge OUT…]', least: 0, most: Infinity },
  options: {
    loss: { type: 'string', value: 'NAME', description: 'The loss: CrossEntropyLoss, MSELoss, …' },
    option: {
      type: 'string',
      multiple: true,
      value: 'NAME=VALUE',
      description: 'An option of the loss; may be repeated',
    },
    input: inputOption(INPUTS.input),
    target: inputOption(INPUTS.target),
    input1: inputOption(INPUTS.input1),
    input2: inputOption(INPUTS.input2),
    anchor: inputOption(INPUTS.anchor),
    positive: inputOption(INPUTS.positive),
    negative: inputOption(INPUTS.negative),
    'log-probs': inputOption(INPUTS.log_probs),
    targets: inputOption(INPUTS.targets),
    'input-lengths': inputOption(INPUTS.input_lengths),
    'target-lengths': inputOption(INPUTS.target_lengths),
    var: inputOption(INPUTS.var),
    weight: inputOption(INPUTS.weight),
    reduction: {
      type: 'string',
      choices: ['mean', 'sum', 'batchmean', 'none'],
      default: 'mean',
      description: 'What the summary shows first',
    },
    out: {
      type: 'string',
      value: 'FILE|FOLDER/|-',
      description:
        'Write the losses: one file (.npy, .safetensors, .parquet, .jsonl), one for each file of the first input, or - for standard output',
    },
    format: {
      type: 'string',
      value: 'FORMAT',
      description:
        'The format of the files in a folder, or of standard output: npy, safetensors, parquet, jsonl (default: npy)',
    },
    backward: { type: 'boolean', description: 'Compute gradients: --grad-out says where they go' },
    'grad-out': {
      type: 'string',
      value: 'FILE|FOLDER/',
      description: "Write each row's gradient with respect to the first input",
    },
    compare: {
      type: 'string',
      multiple: true,
      value: 'FILES',
      description: 'Losses to compare with; without --loss, --input has losses, too',
    },
    report: { type: 'string', value: 'FILE.html', description: 'Write a page with charts' },
    shard: {
      type: 'string',
      value: 'I/N',
      description: 'Do one part of the job: 1/16 to 16/16 (default: RANK and WORLD_SIZE, or all)',
    },
    dtype: {
      type: 'string',
      multiple: true,
      value: '[INPUT=]DTYPE',
      description: 'Convert floating-point inputs, or one input; may be repeated',
    },
    device: { type: 'string', value: 'DEVICE', default: 'cpu', description: 'cpu, cuda, cuda:1' },
    memory: {
      type: 'string',
      value: 'SIZE',
      description: 'Memory to use: 500M, 4G (default: a quarter of what there is)',
    },
    resume: { type: 'boolean', description: 'Go on with a job that was ended' },
    overwrite: { type: 'boolean', description: 'Replace the output of another job' },
    'on-error': {
      type: 'string',
      choices: ['stop', 'skip'],
      default: 'stop',
      description: 'What happens to a row that the loss refuses: skipped, its losses are NaN',
    },
  },
  examples: [
    {
      command:
        'npx torch-losses eval --loss CrossEntropyLoss --input "logits-*.npy" --target "labels-*.npy" --out losses/',
      does: 'Write the losses of each file',
    },
    {
      command:
        'npx torch-losses eval --loss MSELoss --input a.npz:scores --target b.safetensors:truth --reduction sum',
      does: 'Print the sum of the losses',
    },
    {
      command:
        'zcat scores.jsonl.gz | npx torch-losses eval --loss BCELoss --input -:score --target -:label --out losses.parquet',
      does: 'Read JSON lines from standard input, and write Parquet',
    },
    {
      command:
        'npx torch-losses eval --loss MSELoss --input x.npy --target y.npy --out - --format jsonl | head',
      does: 'Write JSON lines to standard output, and the summary to standard error',
    },
    {
      command:
        'npx torch-losses eval --loss CrossEntropyLoss --input x.npy --target y.npy --out losses.npy --resume',
      does: 'Go on with a job that was ended',
    },
    {
      command:
        'npx torch-losses eval --loss CrossEntropyLoss --input "x-*.npy" --target "y-*.npy" --out losses/ --shard 3/16',
      does: 'Do the third of 16 parts; `npx torch-losses eval merge losses/` gives the summary of all',
    },
  ],
  async help([name], styles) {
    if (name === 'merge') return MERGE_HELP;
    return name === undefined ? undefined : lossHelp(name, await lossNamed(name), styles);
  },
  async run(values, terminal, operands) {
    if (operands[0] === 'merge') {
      return withFailures(() => mergeParts(operands.slice(1), values, terminal));
    }
    if (operands.length > 0) {
      const advice = 'Write patterns in quotes: --input "logits-*.npy"';
      throw new UsageError(`Unexpected argument ${JSON.stringify(operands[0])}`, advice);
    }
    const { loss: name, backward, 'grad-out': gradOut, compare } = values;
    if (name === undefined && !compare.length) {
      throw new UsageError('--loss is missing: --loss NAME');
    }
    if (backward && gradOut === undefined) {
      throw new UsageError('--backward needs --grad-out FILE.npy or --grad-out FOLDER/');
    }
    if (values.out === '-') terminal.results = process.stderr;
    // Threads that wait by computing would take the cores from those that read. libtorch's OpenMP reads it when it loads.
    process.env['OMP_WAIT_POLICY'] ??= 'passive';
    const { shard, device, isRank } = partGiven(values, process.env);
    const Loss = name === undefined ? undefined : await lossNamed(name);
    const options = Loss ? await lossOptions(Loss, name!, values.option) : {};
    const dtype = await dtypesNamed(values.dtype);
    const memory = values.memory === undefined ? null : bytes(values.memory, '--memory');
    const inputs = Object.fromEntries(
      Object.keys(INPUTS)
        .map((input) => [input, values[kebab(input) as 'input']] as const)
        .filter(([, files]) => files.length),
    );
    const isKept = (values.out ?? gradOut ?? '-') !== '-';
    const controller = new AbortController();
    const stop = (): void => controller.abort();
    process.once('SIGINT', stop).once('SIGTERM', stop);
    try {
      const group = isRank ? await groupOfRanks(process.env, controller.signal) : null;
      const { evaluate } = await import('../../batch.js');
      const loss = Loss ? new Loss({ ...options, reduction: values.reduction }) : null;
      const job = evaluate(loss, inputs, {
        out: values.out,
        gradOut,
        compare: compare.length ? compare : null,
        report: values.report,
        ...(group ? { group } : { shard }),
        format: values.format as 'npy' | undefined,
        dtype,
        memory,
        device,
        resume: values.resume,
        overwrite: values.overwrite,
        onError: values['on-error'] as 'stop',
        signal: controller.signal,
      });
      if (!group?.rank()) await show(job, terminal);
      const summary = await job.summary();
      if (group) await leaveRanks();
      if (group?.rank()) return undefined;
      const written = await filesWritten(values, shard, group !== null);
      terminal.result(summary, () => summaryText(summary, written));
      // torchrun ends all ranks if one does not end with 0.
      return isRank ? undefined : statusOf(summary);
    } catch (error) {
      if (controller.signal.aborted) {
        terminal.note(`The job was interrupted.${isKept ? ' --resume goes on with it.' : ''}`);
        return INTERRUPTED;
      }
      throw failure(error, isKept);
    } finally {
      process.off('SIGINT', stop).off('SIGTERM', stop);
    }
  },
});

/** Returns the files that a job has written, as texts: of a part its own, of a group those of all ranks. */
async function filesWritten(
  { out, 'grad-out': gradOut, report }: Record<'out' | 'grad-out' | 'report', string | undefined>,
  shard: string,
  isGroup: boolean,
): Promise<string[]> {
  const { fileOf, partNamed } = await import('../../batch/part.js');
  const part = partNamed(shard);
  const files = [out, gradOut].filter((file) => file !== undefined && file !== '-') as string[];
  const texts = files.map((file) => {
    if (file.endsWith('/')) return file;
    if (!isGroup || part.count === 1) return fileOf(file, part);
    const [first, last] = [1, part.count].map((index) => fileOf(file, { ...part, index }));
    return `${first} to ${last}: \`eval merge ${file}\` makes one file of them`;
  });
  if (report !== undefined) texts.push(isGroup ? report : fileOf(report, part));
  return texts;
}

async function withFailures<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw failure(error, true);
  }
}

/** Shows how far the job is: on a terminal for people, in lines of JSON for programs. */
async function show(job: AsyncIterable<BatchProgress>, terminal: Terminal): Promise<void> {
  terminal.lines = true;
  let progress: Progress | undefined;
  let shown = Number.NEGATIVE_INFINITY;
  try {
    for await (const step of job) {
      if (terminal.json && performance.now() - shown >= LINE_INTERVAL) {
        shown = performance.now();
        terminal.result({ progress: step }, () => '');
      } else if (!terminal.json && process.stderr.isTTY) {
        progress ??= terminal.progress('Computing losses', step.totalRows);
        progress.update(step.rows, progressText(step));
      }
    }
    progress?.finish();
  } catch (error) {
    progress?.finish('failed');
    throw error;
  }
}

/** The time between two lines of progress, in milliseconds. */
const LINE_INTERVAL = 1000;

function progressText({ rowsPerSecond, bytesPerSecond, secondsLeft, mean }: BatchProgress): string {
  return [
    `${Math.round(rowsPerSecond).toLocaleString('en')} rows/s`,
    `${(bytesPerSecond / 1e6).toFixed(0)} MB/s`,
    `${secondsLeft.toFixed(0)} s left`,
    `mean ${mean.toPrecision(6)}`,
  ].join('  ');
}

const DTYPE_ADVICE = '--dtype INPUT=DTYPE converts an input: --dtype target=int64.';
const INPUT_ADVICE = '`eval --help LOSS` shows the options that take the inputs of a loss.';

const ADVICE: Readonly<Record<string, string>> = {
  changed: '--overwrite starts from the beginning.',
  exists: '--resume goes on with the job, --overwrite starts from the beginning.',
  write: '--resume goes on with the job when there is room.',
};

/**
 * Returns the error to show: what a person can mend is shown without a stack.
 *
 * @param isKept - whether what was written can be resumed or replaced
 */
function failure(error: unknown, isKept: boolean): unknown {
  const { name, message, code, problem, syscall } = error as Error & Record<string, string>;
  const text = message.replace(/^(evaluate|merge)\(\): /, '');
  if (name === 'BatchError') {
    const status = STATUS[problem as keyof typeof STATUS];
    const advice = / refuses \w+ of torch\./.test(text) ? DTYPE_ADVICE : ADVICE[problem!];
    return new CommandError(text, isKept || problem === 'data' ? advice : undefined, status);
  }
  if (syscall) return new CommandError(message);
  const isInput = / (needs the|has no) input '/.test(text);
  return code?.startsWith('ERR_TORCH_')
    ? new UsageError(text, isInput ? INPUT_ADVICE : undefined)
    : error;
}
