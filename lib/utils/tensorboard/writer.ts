/** Writes what TensorBoard shows. Source: torch/utils/tensorboard/writer.py. */
import { hostname } from 'node:os';
import path from 'node:path';

import { typeError } from '../../bindings/errors';
import { describe, isOptions } from '../../dispatch/arguments';
import {
  ANYTHING,
  BOOL,
  FLOAT,
  INT,
  nullable,
  optional,
  orNull,
  required,
  Signature,
  STRING,
  TENSOR,
  typeOf,
} from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { integer, message } from './protobuf';
import { EventFile, now, VERSION, type Writing } from './records';
import {
  audio,
  type Bins,
  figure,
  histogram,
  hparams,
  image,
  isBins,
  type ScalarValue,
  type Summary,
  scalar,
  text,
} from './summary';

export type { ScalarValue } from './summary';

const SIGNATURE = new Signature('SummaryWriter', {
  log_dir: nullable(STRING),
  comment: optional(STRING, ''),
  purge_step: nullable(INT),
  max_queue: optional(INT, 10),
  flush_secs: optional(FLOAT, 120),
  filename_suffix: optional(STRING, ''),
});

export interface SummaryWriterOptions {
  /** The directory. Default: null, `runs/` and the time, the host's name and the comment. */
  log_dir?: string | null | undefined;
  /** The end of the default directory's name. */
  comment?: string | undefined;
  /** The step from which events of an earlier run in this directory are hidden. Default: null, none. */
  purge_step?: number | null | undefined;
  /** The number of events that wait before they are written. Default: 10. */
  max_queue?: number | undefined;
  /** The seconds after which they are written in any case. Default: 120. */
  flush_secs?: number | undefined;
  /** The end of the files' names. */
  filename_suffix?: string | undefined;
}

const STEP = { global_step: nullable(INT) };
const WALLTIME = { walltime: nullable(FLOAT) };

/** The event of a session that starts: TensorBoard hides what an earlier one wrote from this step on. */
const STARTED = message(7, integer(1, 1));

/** When an event happened. */
interface When {
  /** The step. Default: null, none. */
  global_step?: number | null | undefined;
  /** The time in seconds. Default: null, now. */
  walltime?: number | null | undefined;
}

/** The arguments after the first ones: the step and the time by position or by name, other options by name. */
type Step<Options = unknown> =
  | [options?: When & Options]
  | [global_step: number | null, options?: Omit<When, 'global_step'> & Options]
  | [global_step: number | null, walltime: number | null];

const ADD_SCALAR = new Signature('add_scalar', {
  tag: required(STRING),
  scalar_value: required(ANYTHING),
  ...STEP,
  ...WALLTIME,
  new_style: optional(BOOL, false),
  double_precision: optional(BOOL, false),
});

const DICTIONARY = typeOf<Readonly<Record<string, unknown>>>('a plain object', isOptions);

const ADD_SCALARS = new Signature('add_scalars', {
  main_tag: required(STRING),
  tag_scalar_dict: required(DICTIONARY),
  ...STEP,
  ...WALLTIME,
});

const ADD_HISTOGRAM = new Signature('add_histogram', {
  tag: required(STRING),
  values: required(TENSOR),
  ...STEP,
  bins: optional<Bins>(
    typeOf("'tensorflow', a number of bins, or an array of limits", isBins),
    'tensorflow',
  ),
  ...WALLTIME,
  max_bins: optional<number | null>(
    orNull(typeOf('a positive integer', (value) => INT.accepts(value) && (value as number) > 0)),
    null,
  ),
});

const imageParameters = (dataformats: string) => ({
  tag: required(STRING),
  img_tensor: required(TENSOR),
  ...STEP,
  ...WALLTIME,
  dataformats: optional(STRING, dataformats),
});
const ADD_IMAGE = new Signature('add_image', imageParameters('CHW'));
const ADD_IMAGES = new Signature('add_images', imageParameters('NCHW'));

const ADD_FIGURE = new Signature('add_figure', {
  tag: required(STRING),
  figure: required(ANYTHING),
  ...STEP,
  close: optional(BOOL, true),
  ...WALLTIME,
});

const ADD_AUDIO = new Signature('add_audio', {
  tag: required(STRING),
  snd_tensor: required(TENSOR),
  ...STEP,
  sample_rate: optional<number>(
    typeOf('a positive integer', (value) => INT.accepts(value) && (value as number) > 0),
    44_100,
  ),
  ...WALLTIME,
});

const ADD_TEXT = new Signature('add_text', {
  tag: required(STRING),
  text_string: required(STRING),
  ...STEP,
  ...WALLTIME,
});

const ADD_HPARAMS = new Signature('add_hparams', {
  hparam_dict: required(ANYTHING),
  metric_dict: required(ANYTHING),
  hparam_domain_discrete: optional<unknown>(ANYTHING, null),
  run_name: nullable(STRING),
  ...STEP,
});

/**
 * Writes events into a directory, from which TensorBoard reads them: `tensorboard --logdir runs`.
 *
 * ```ts
 * const writer = new SummaryWriter('runs/first');
 * writer.add_scalar('loss', loss, step);
 * writer.close();
 * ```
 *
 * Files, names and events are those of Python's SummaryWriter. What waits is written when the process ends.
 *
 * See https://docs.pytorch.org/docs/stable/tensorboard.html#torch.utils.tensorboard.writer.SummaryWriter
 */
export class SummaryWriter {
  static readonly signature = SIGNATURE.description;
  readonly log_dir: string;
  purge_step: number | null;
  readonly #writing: Writing;
  /** The files by their directory. The first is the writer's own. */
  #files = new Map<string, EventFile>();

  constructor(log_dir: string | null, comment?: string);
  constructor(log_dir: string | null, options?: Omit<SummaryWriterOptions, 'log_dir'>);
  constructor(options?: SummaryWriterOptions);
  constructor(...args: unknown[]) {
    const { log_dir, comment, purge_step, ...writing } = SIGNATURE.read(args);
    this.log_dir = log_dir || path.join('runs', `${timeOfRun()}_${hostname()}${comment}`);
    this.purge_step = purge_step;
    this.#writing = writing;
    this.#file();
  }

  /** Returns the writer's own file, which is opened again after `close`. */
  #file(): EventFile {
    const file = this.#fileIn(this.log_dir);
    const step = this.purge_step;
    if (step === null) return file;
    this.purge_step = null;
    file.add(VERSION, step);
    file.add(STARTED, step);
    return file;
  }

  #fileIn(directory: string): EventFile {
    let file = this.#files.get(directory);
    if (!file) {
      file = new EventFile(directory, this.#writing);
      this.#files.set(directory, file);
    }
    return file;
  }

  #add(summary: Summary, { global_step, walltime }: When): void {
    this.#file().add(summary, global_step ?? null, walltime ?? null);
  }

  /** Returns the directory. */
  get_logdir(): string {
    return this.log_dir;
  }

  /**
   * Adds a number. `new_style` writes it as a tensor, which TensorBoard loads faster; `double_precision` then writes 64
   * bits. Both are false by default.
   */
  add_scalar(
    tag: string,
    scalar_value: ScalarValue,
    ...step: Step<{ new_style?: boolean | undefined; double_precision?: boolean | undefined }>
  ): void;
  add_scalar(...args: unknown[]): void {
    const given = ADD_SCALAR.read(args);
    const { tag, scalar_value, new_style, double_precision } = given;
    this.#add(scalar(tag, scalar_value, new_style, double_precision), given);
  }

  /** Adds several numbers that are shown in one plot, each as a run in a directory of its own. */
  add_scalars(
    main_tag: string,
    tag_scalar_dict: Readonly<Record<string, ScalarValue>>,
    ...step: Step
  ): void;
  add_scalars(...args: unknown[]): void {
    const given = ADD_SCALARS.read(withOptions(args, 2));
    const { main_tag, tag_scalar_dict, global_step, walltime = now() } = given;
    this.#file();
    for (const [tag, value] of Object.entries(tag_scalar_dict)) {
      const directory = `${this.log_dir}/${main_tag.replaceAll('/', '_')}_${tag}`;
      const summary = scalar(main_tag, value, false, false);
      this.#fileIn(directory).add(summary, global_step, walltime);
    }
  }

  /**
   * Adds a histogram of a tensor's elements. `bins` is `'tensorflow'`, which is the default, a number of equal bins, or
   * the limits of bins. With `max_bins`, bins are joined until there are about as many.
   *
   * @throws RangeError (ValueError) for a tensor without elements
   */
  add_histogram(
    tag: string,
    values: Tensor,
    ...step:
      | [options?: When & HistogramOptions]
      | [global_step: number | null, options?: Omit<When, 'global_step'> & HistogramOptions]
      | [global_step: number | null, bins: Bins, walltime?: number | null, max_bins?: number | null]
  ): void;
  add_histogram(...args: unknown[]): void {
    const given = ADD_HISTOGRAM.read(args);
    this.#add(histogram(given.tag, given.values, given.bins, given.max_bins), given);
  }

  /**
   * Adds an image: bytes, or floats from 0 to 1. `dataformats` is the order of the dimensions: `'CHW'` by default, or
   * another one such as `'HWC'` and `'HW'`.
   */
  add_image(tag: string, img_tensor: Tensor, ...step: Step<ImageOptions>): void;
  add_image(...args: unknown[]): void {
    const given = ADD_IMAGE.read(args);
    this.#add(image(given.tag, given.img_tensor, given.dataformats), given);
  }

  /** Adds several images as one. `dataformats` is the order of the dimensions: `'NCHW'` by default. */
  add_images(tag: string, img_tensor: Tensor, ...step: Step<ImageOptions>): void;
  add_images(...args: unknown[]): void {
    const given = ADD_IMAGES.read(args);
    this.#add(image(given.tag, given.img_tensor, given.dataformats), given);
  }

  /**
   * Adds a figure that a library of charts has drawn. `close` has no effect; Python closes matplotlib's figure.
   *
   * @param figure - the bytes of a PNG file
   * @throws TypeError for anything but a PNG file
   */
  add_figure(
    tag: string,
    figure: Uint8Array,
    ...step:
      | [options?: When & { close?: boolean | undefined }]
      | [global_step: number | null, options?: Omit<When, 'global_step'>]
      | [global_step: number | null, close: boolean, walltime?: number | null]
  ): void;
  add_figure(...args: unknown[]): void {
    const given = ADD_FIGURE.read(args);
    this.#add(figure(given.tag, given.figure), given);
  }

  /**
   * Adds a sound. `sample_rate` is the number of samples in a second, by default 44100.
   *
   * Shapes: snd_tensor (1, L) or (L), from -1 to 1.
   *
   * @throws TorchError (AssertionError) for a tensor of more than one dimension
   */
  add_audio(
    tag: string,
    snd_tensor: Tensor,
    ...step:
      | [options?: When & { sample_rate?: number | undefined }]
      | [
          global_step: number | null,
          options?: Omit<When, 'global_step'> & { sample_rate?: number | undefined },
        ]
      | [global_step: number | null, sample_rate: number, walltime?: number | null]
  ): void;
  add_audio(...args: unknown[]): void {
    const given = ADD_AUDIO.read(args);
    this.#add(audio(given.tag, given.snd_tensor, given.sample_rate), given);
  }

  /** Adds a text, which may be in Markdown. */
  add_text(tag: string, text_string: string, ...step: Step): void;
  add_text(...args: unknown[]): void {
    const given = ADD_TEXT.read(args);
    this.#add(text(given.tag, given.text_string), given);
  }

  /**
   * Adds a run with its hyperparameters and results, in a directory of its own. `run_name` is the name of the directory,
   * by default the time. `hparam_domain_discrete` lists the values that a parameter can have.
   */
  add_hparams(
    hparam_dict: Readonly<Record<string, ScalarValue | string | boolean | null>>,
    metric_dict: Readonly<Record<string, ScalarValue>>,
    options?: HparamsOptions,
  ): void;
  add_hparams(...args: unknown[]): void {
    const given = ADD_HPARAMS.read(withOptions(args, 2));
    const { hparam_dict, metric_dict, hparam_domain_discrete, run_name, global_step } = given;
    if (!isOptions(hparam_dict) || !isOptions(metric_dict)) {
      throw typeError(
        'hparam_dict and metric_dict should be dictionary, got ' +
          `${describe(hparam_dict)} and ${describe(metric_dict)}`,
      );
    }
    const summaries = hparams(hparam_dict, metric_dict, hparam_domain_discrete);
    const scalars = Object.entries(metric_dict).map(([tag, value]) =>
      scalar(tag, value, false, false),
    );
    const run = new SummaryWriter(path.join(this.log_dir, run_name || String(now())));
    for (const summary of [...summaries, ...scalars]) run.#add(summary, { global_step });
    run.close();
  }

  /** Writes the events that wait. */
  flush(): void {
    for (const file of this.#files.values()) file.flush();
  }

  /** Writes the events that wait, and closes the files. A later event opens another file. */
  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#files = new Map();
  }

  /** Closes the writer at the end of a block: `using writer = new SummaryWriter()`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

interface HistogramOptions {
  bins?: Bins | undefined;
  max_bins?: number | null | undefined;
}

interface ImageOptions {
  dataformats?: string | undefined;
}

interface HparamsOptions {
  hparam_domain_discrete?: Readonly<Record<string, readonly unknown[]>> | null | undefined;
  run_name?: string | null | undefined;
  global_step?: number | null | undefined;
}

/** Returns arguments with options, where a last plain object among the first ones is data. */
const withOptions = (args: readonly unknown[], count: number): readonly unknown[] =>
  args.length === count ? [...args, {}] : args;

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** Returns the local time as Python's `%b%d_%H-%M-%S`. */
function timeOfRun(): string {
  const time = new Date();
  const [day, ...clock] = [
    time.getDate(),
    time.getHours(),
    time.getMinutes(),
    time.getSeconds(),
  ].map((part) => String(part).padStart(2, '0'));
  return `${MONTHS[time.getMonth()]}${day}_${clock.join('-')}`;
}
