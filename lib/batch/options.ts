/** The arguments of `evaluate`. */
import os from 'node:os';
import zlib from 'node:zlib';

import { typeError, valueError } from '../bindings/errors';
import { describe, isOptions } from '../dispatch/arguments';
import {
  ANYTHING,
  BOOL,
  DEVICE,
  option,
  orNull,
  required,
  Signature,
  STRING,
} from '../dispatch/signature';
import { type DeviceLike, device } from '../tensor/device';
import { DType } from '../tensor/dtype';
import type { Files } from './inputs';
import type { Chunked } from './losses';
import { STANDARD_OUTPUT } from './output';
import { FORMATS, formatOf, type OutputFormat } from './outputs/file';
import { isWhole, type Part, partNamed } from './part';

export type OnError = 'stop' | 'skip';

export interface EvaluateOptions {
  /**
   * Where the losses go: a file for all, or a folder, whose name ends with `/`, for a file of each file of the first
   * input, or `'-'` for standard output. The format is that of the file's name: `.npy`, `.safetensors`, `.parquet`, or
   * `.jsonl`, which `.gz` or `.zst` may follow. Default: null, the summary is all.
   */
  out?: string | null | undefined;
  /** The format of the files in a folder, or of standard output. Default: `'npy'`, or that of the name of `out`. */
  format?: OutputFormat | null | undefined;
  /**
   * Where the gradients of the first input go, as `out`. They are each row's own: those of the losses of
   * `reduction: 'none'` with a gradient of ones. Default: null, no backward pass.
   */
  gradOut?: string | null | undefined;
  /** Losses to compare with: files with the losses of the same rows. Default: null. */
  compare?: Files | null | undefined;
  /** Where a report goes: a page in HTML. Default: null. */
  report?: string | null | undefined;
  /** The part of the job to do, such as `'3/16'`. {@link merge} gives the summary of all. Default: `'1/1'`. */
  shard?: string | undefined;
  /** Converts inputs: all floating-point ones, or those named. Default: null, the dtypes of the files. */
  dtype?: DType | Readonly<Record<string, DType>> | null | undefined;
  /** Default: the CPU. */
  device?: DeviceLike | undefined;
  /** The bytes that the job may take. Default: null, a quarter of what the machine or the container has. */
  memory?: number | null | undefined;
  /** Goes on with an unfinished job. Default: false. */
  resume?: boolean | undefined;
  /** Replaces the output of another job. Default: false. */
  overwrite?: boolean | undefined;
  /** What happens to a row that the loss refuses: the job stops, or the row's losses are NaN. Default: `'stop'`. */
  onError?: OnError | undefined;
  /** Ends the job. `resume` goes on with it. */
  signal?: AbortSignal | null | undefined;
}

const SIGNATURE = new Signature('evaluate', {
  loss: required(ANYTHING),
  inputs: required(ANYTHING),
  out: option<string | null>(orNull(STRING), null),
  format: option<string | null>(orNull(STRING), null),
  gradOut: option<string | null>(orNull(STRING), null),
  compare: option<unknown>(ANYTHING, null),
  report: option<string | null>(orNull(STRING), null),
  shard: option<string>(STRING, '1/1'),
  dtype: option<unknown>(ANYTHING, null),
  device: option<DeviceLike>(DEVICE, 'cpu'),
  memory: option<unknown>(ANYTHING, null),
  resume: option(BOOL, false),
  overwrite: option(BOOL, false),
  onError: option<string>(STRING, 'stop'),
  signal: option<unknown>(ANYTHING, null),
});

/** Where something goes, and its format. */
export interface Output {
  readonly out: string;
  readonly format: OutputFormat;
}

export interface Settings {
  readonly out: Output | null;
  readonly gradOut: Output | null;
  readonly compare: Files | null;
  readonly report: string | null;
  readonly part: Part;
  /** The dtype of an input, or of `*`: all floating-point ones. */
  readonly dtypes: Readonly<Record<string, DType>>;
  readonly device: string;
  readonly memory: number;
  readonly resume: boolean;
  readonly overwrite: boolean;
  readonly onError: OnError;
  readonly signal: AbortSignal | undefined;
}

/** @throws TypeError or RangeError (ValueError) that names the option */
export function settingsOf(loss: unknown, inputs: unknown, options: unknown): Settings {
  if (!isOptions(options)) {
    throw typeError(`evaluate(): options must be a plain object, got ${describe(options)}`);
  }
  const given = SIGNATURE.read([loss, inputs, options]);
  const { out, onError, resume, overwrite } = given;
  if (onError !== 'stop' && onError !== 'skip') {
    throw valueError(`evaluate(): 'onError' must be 'stop' or 'skip', got ${describe(onError)}`);
  }
  const { gradOut, report } = given;
  const format = formatNamed(given.format);
  if (out !== null && out === gradOut) {
    throw valueError(`evaluate(): 'out' and 'gradOut' must not be the same, got ${out}`);
  }
  if (report !== null) checkPath('report', report);
  if (resume && overwrite)
    throw valueError("evaluate(): 'resume' and 'overwrite' exclude each other");
  if (loss === null && (out ?? gradOut) !== null) {
    throw valueError("evaluate(): 'out' and 'gradOut' need a loss");
  }
  const part = partNamed(given.shard);
  if (out === STANDARD_OUTPUT) {
    const needing = { resume, overwrite, gradOut: gradOut !== null, shard: !isWhole(part) };
    const name = Object.entries(needing).find(([, isGiven]) => isGiven)?.[0];
    if (name) throw valueError(`evaluate(): '${name}' needs files, but 'out' is standard output`);
  }
  const isWritten = out !== null || gradOut !== null;
  if (resume && !isWritten) throw valueError("evaluate(): 'resume' needs 'out'");
  if (!isWhole(part) && !isWritten) throw valueError("evaluate(): 'shard' needs 'out'");
  return {
    out: outputOf('out', out, format),
    gradOut: outputOf('gradOut', gradOut, gradOut?.endsWith('/') ? format : null),
    compare: given.compare === null ? null : filesGiven('compare', given.compare),
    report,
    part,
    dtypes: dtypesOf(given.dtype),
    device: device(given.device).toString(),
    memory: memoryOf(given.memory),
    resume,
    overwrite,
    onError,
    signal: signalOf(given.signal),
  };
}

function formatNamed(format: string | null): OutputFormat | null {
  if (format === null || (FORMATS as readonly string[]).includes(format)) {
    return format as OutputFormat | null;
  }
  throw valueError(
    `evaluate(): 'format' must be one of ${FORMATS.join(', ')}, got ${describe(format)}`,
  );
}

function checkPath(name: string, path: string): void {
  if (path === '') throw valueError(`evaluate(): '${name}' must not be empty`);
  if (path.includes('\0')) throw valueError(`evaluate(): '${name}' must not have a zero byte`);
}

function outputOf(name: string, out: string | null, format: OutputFormat | null): Output | null {
  if (out === null) return null;
  checkPath(name, out);
  if (name === 'out' && out === STANDARD_OUTPUT) return { out, format: streamed(format ?? 'npy') };
  if (out.endsWith('/')) return { out, format: written(format ?? 'npy') };
  const named = formatOf(out);
  if (named === undefined) {
    throw valueError(
      `evaluate(): '${name}' must be a folder with / at its end, or a file that ends with one of ` +
        `${FORMATS.map((each) => `.${each}`).join(', ')}${name === 'out' ? ', or -' : ''}, got ${out}`,
    );
  }
  if (format === null || format === named) return { out, format: written(named) };
  throw valueError(`evaluate(): 'format' is ${format}, but '${name}' is ${out}`);
}

function written(format: OutputFormat): OutputFormat {
  if (!format.endsWith('.zst') || 'zstdCompress' in zlib) return format;
  throw valueError(`evaluate(): writing .${format} needs Node 22.15 or later`);
}

function streamed(format: OutputFormat): OutputFormat {
  if (!process.stdout.isTTY || /^(jsonl|ndjson)$/.test(format)) return written(format);
  throw valueError(
    `evaluate(): standard output is a terminal, which cannot show .${format}: choose the format jsonl, or a file`,
  );
}

function dtypesOf(dtype: unknown): Record<string, DType> {
  if (dtype === null) return {};
  if (dtype instanceof DType) return { '*': dtype };
  if (isOptions(dtype) && Object.values(dtype).every((each) => each instanceof DType)) {
    return dtype as Record<string, DType>;
  }
  throw typeError(
    `evaluate(): 'dtype' must be a torch.dtype or an object of them, got ${describe(dtype)}`,
  );
}

function memoryOf(memory: unknown): number {
  if (memory === null) {
    const limit = process.constrainedMemory?.() || Number.POSITIVE_INFINITY;
    return Math.floor(Math.min(os.totalmem(), limit) / 4);
  }
  if (typeof memory === 'number' && memory > 0) return memory;
  throw valueError(`evaluate(): 'memory' must be a number of bytes, got ${describe(memory)}`);
}

function signalOf(signal: unknown): AbortSignal | undefined {
  if (signal === null) return undefined;
  if (signal instanceof AbortSignal) return signal;
  throw typeError(`evaluate(): 'signal' must be an AbortSignal, got ${describe(signal)}`);
}

/**
 * Returns the files of each input.
 *
 * @throws TypeError that names the input which is missing, unknown, or no path
 */
export function filesByInput(loss: Chunked, inputs: unknown): Map<string, Files> {
  if (!isOptions(inputs)) {
    throw typeError(
      `evaluate(): argument 'inputs' must be a plain object, got ${describe(inputs)}`,
    );
  }
  const optional = loss.optional ?? [];
  const allowed = [...loss.inputs, ...optional];
  for (const name of Object.keys(inputs)) {
    if (allowed.includes(name)) continue;
    throw typeError(
      `evaluate(): ${loss.name} has no input '${name}'; its inputs are ${allowed.join(', ')}`,
    );
  }
  const files = new Map<string, Files>();
  for (const name of allowed) {
    const value = inputs[name];
    if (value === undefined && optional.includes(name)) continue;
    if (value === undefined) throw typeError(`evaluate(): ${loss.name} needs the input '${name}'`);
    files.set(name, filesGiven(name, value));
  }
  return files;
}

/** @throws TypeError unless files are named */
export function filesGiven(name: string, value: unknown): Files {
  const isFiles =
    typeof value === 'string' ||
    (Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string'));
  if (isFiles) return value as Files;
  throw typeError(
    `evaluate(): input '${name}' must be a path or an array of paths, got ${describe(value)}`,
  );
}
