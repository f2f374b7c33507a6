/** Merges the parts of a job that several machines have done. */
import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';

import { valueError } from '../bindings/errors';
import { ANYTHING, BOOL, option, orNull, required, Signature, STRING } from '../dispatch/signature';
import { dtypes } from '../tensor/dtype_table';
import { BatchError } from './error';
import { Column, type Files } from './inputs';
import { type Contents, differenceOfParts, Journal } from './journal';
import { Lock } from './lock';
import { filesGiven } from './options';
import { exists, folderOf } from './output';
import { formatOf } from './outputs/file';
import { fileOf, journalsIn, lockOf, type Part, partNamed, textOf, WHOLE } from './part';
import { chunksOf, type Target } from './plan';
import { FileSeries } from './series';
import { Sources } from './sources';
import type { BatchSummary } from './summary';
import { Totals } from './totals';

export interface MergeOptions {
  /**
   * The file for all losses, if the parts have written files of their own. Default: null, the name without the part, in
   * their folder.
   */
  out?: string | null | undefined;
  /** The same for gradients. */
  gradOut?: string | null | undefined;
  /** Where a report goes: a page in HTML. Default: null. */
  report?: string | null | undefined;
  /** Replaces files that are there. Default: false. */
  overwrite?: boolean | undefined;
}

const SIGNATURE = new Signature('merge', {
  outputs: required(ANYTHING),
  out: option<string | null>(orNull(STRING), null),
  gradOut: option<string | null>(orNull(STRING), null),
  report: option<string | null>(orNull(STRING), null),
  overwrite: option(BOOL, false),
});

/** A part of a job, and what its journal has. */
interface Done {
  readonly file: string;
  readonly part: Part;
  readonly contents: Contents;
}

/** A chunk of a merged file has so many bytes. */
const CHUNK = 2 ** 24;

/**
 * Merges the parts of a job that machines have done with `shard`, or ranks of torchrun. The summary equals that of one
 * machine, bit for bit. Parts of a file, `losses.3-of-16.npy`, are written into one, `losses.npy`, with the bytes of
 * one machine.
 *
 * ```ts
 * import { merge } from 'torch-losses/batch';
 *
 * const { mean } = await merge('losses/', { report: 'report.html' });
 * console.log(mean);
 * ```
 *
 * @param outputs - the output of the job, `losses/` or `losses.npy`; or outputs and journals (`.job`) from several folders
 * @throws TypeError for wrong arguments; BatchError for parts that are missing, not finished, double, or of another job,
 *   and for a file that exists
 */
export async function merge(outputs: Files, options: MergeOptions = {}): Promise<BatchSummary> {
  return (await mergeFiles(outputs, options)).summary;
}

/** Merges parts, see {@link merge}. Returns the names of the files that it has written, too. */
export async function mergeFiles(
  outputs: Files,
  options: MergeOptions,
): Promise<{ summary: BatchSummary; files: string[] }> {
  const { overwrite, report, ...given } = SIGNATURE.read([outputs, options]);
  const outs: Outs = { losses: given.out, gradients: given.gradOut };
  const parts = partsOf([filesGiven('outputs', given.outputs)].flat());
  const { heading } = parts[0]!.contents;
  const totals = new Totals();
  for (const { file, contents } of parts) totals.addAll(file, contents.chunks);
  if (report !== null && !totals.statistics) {
    throw valueError('merge(): a report needs parts that were computed with a report');
  }
  const files: string[] = [];
  for (const kind of Object.keys(heading.outputs)) {
    files.push(...(await join(kind, parts, outs, overwrite)));
  }
  if (report !== null) {
    const { writeReport } = await import('./report/index.js');
    const machines = parts.map(({ contents }) => contents.chunks.map(({ timing }) => timing));
    await writeReport(report, { heading: { ...heading, part: '1/1' }, totals, machines });
    files.push(report);
  }
  return { summary: totals.summary(heading.loss, heading.reduction), files };
}

/** Returns all parts of a job, in order. */
function partsOf(outputs: readonly string[]): Done[] {
  const files = new Set(outputs.flatMap(journalsOf));
  const parts: Done[] = [];
  for (const file of files) {
    const contents = Journal.read(file);
    if (!contents) throw wrong(`${file} has no job`, file);
    parts.push({ file, part: partNamed(contents.heading.part, file), contents });
  }
  const first = parts[0]!;
  for (const each of parts) checkAlike(each, first);
  parts.sort((a, b) => a.part.index - b.part.index);
  const { count } = first.part;
  const problems = [
    ...missing(parts, count),
    ...parts.flatMap(({ file, part, contents: { isFinished, chunks } }) =>
      isFinished
        ? []
        : [`shard ${textOf(part)} is not finished: ${file} has ${chunks.length} chunks`],
    ),
  ];
  if (problems.length === 0) return parts;
  throw wrong(`The job cannot be merged: ${problems.join('; ')}`, first.file);
}

/** Returns the journals of the parts that an output has. */
function journalsOf(output: string): string[] {
  try {
    return journalsNamed(output).map((file) => realpathSync(file));
  } catch (cause) {
    if (cause instanceof BatchError) throw cause;
    throw wrong(`${output} cannot be read: ${(cause as Error).message}`, output);
  }
}

function journalsNamed(output: string): string[] {
  const isFolder =
    output.endsWith('/') || statSync(output, { throwIfNoEntry: false })?.isDirectory();
  if (!isFolder && output.endsWith('.job')) {
    if (exists(output)) return [output];
    throw wrong(`There is no ${output}`, output);
  }
  const [folder, name] = isFolder ? [output, 'eval'] : [folderOf(output), path.basename(output)];
  const found = exists(folder) ? journalsIn(folder, name) : [];
  const files = found.filter(({ part }) => part.count > 1).map(({ file }) => file);
  if (files.length) return files;
  throw wrong(
    `${output} has no shards: there is no ${path.join(folder, `${name}.1-of-…`)}`,
    output,
  );
}

function checkAlike({ file, part, contents }: Done, first: Done): void {
  if (part.count !== first.part.count) {
    const [one, other] = [textOf(first.part), textOf(part)];
    throw wrong(`${file} is shard ${other}, and ${first.file} shard ${one}`, file);
  }
  const problem = differenceOfParts(first.contents.heading, contents.heading);
  if (problem) throw wrong(`${file} is of another job than ${first.file}: ${problem}`, file);
}

/** Says which parts are missing or double. */
function missing(parts: readonly Done[], count: number): string[] {
  const problems: string[] = [];
  for (let index = 1; index <= count; index++) {
    const found = parts.filter(({ part }) => part.index === index);
    const name = `shard ${textOf({ index, count })}`;
    if (found.length === 0) problems.push(`${name} is missing`);
    if (found.length > 1) {
      problems.push(`${name} is there twice: ${found.map(({ file }) => file).join(' and ')}`);
    }
  }
  return problems;
}

const wrong = (message: string, file: string): BatchError => new BatchError('parts', message, file);

type Outs = Readonly<Record<string, string | null>>;

/** Writes the files of the parts into one, and returns it. There is none if each part has written whole files, or none is here. */
async function join(
  kind: string,
  parts: readonly Done[],
  outs: Outs,
  overwrite: boolean,
): Promise<string[]> {
  const { heading, chunks } = parts[0]!.contents;
  const { file: whole, dim } = heading.outputs[kind]!;
  if (whole.endsWith('/')) return [];
  const name = path.basename(whole);
  const files = parts.map(({ file, part }) => path.join(folderOf(file), fileOf(name, part)));
  const there = files.filter(exists);
  if (there.length === 0) return [];
  const gone = files.find((file) => !exists(file));
  if (gone) throw wrong(`${gone} is missing`, gone);
  const folders = new Set(files.map(folderOf));
  const out = outs[kind] ?? (folders.size === 1 ? path.join([...folders][0]!, name) : null);
  if (out === null) {
    throw valueError(`merge(): the parts are in several folders: name the file for all ${kind}`);
  }
  const format = formatOf(out);
  if (format === undefined) throw valueError(`merge(): ${out} has no format that can be written`);
  if (exists(out) && !overwrite) throw new BatchError('exists', `${out} exists`, out);
  const lock = await Lock.take(out, lockOf(out, WHOLE));
  const sources = new Sources();
  try {
    const dtype = dtypes.get(chunks[0]!.forms[kind]!.dtype)!;
    const column = await Column.open(kind, files, dim, sources, { [kind]: dtype });
    await copy(column, { file: out, format, from: 0, to: column.rows });
    return [out];
  } finally {
    await sources.close();
    lock.release();
  }
}

async function copy(column: Column, target: Target): Promise<void> {
  const { input, dtype, dim, rows, rowBytes, shards } = column;
  const most = Math.max(1, Math.floor(CHUNK / Math.max(1, rowBytes)));
  const chunks = chunksOf(column, most, target);
  const memory = new SharedArrayBuffer(Math.min(rows, most) * rowBytes);
  const series = new FileSeries(input, [target], dim);
  series.prepare(chunks, undefined);
  try {
    for (const chunk of chunks) {
      const { from, to } = chunk;
      const part = await column.read(from, to, memory);
      const shape = shards[0]!.shape.map((size, i) => (i === dim ? to - from : size));
      const bytes = new Uint8Array(memory, 0, (to - from) * rowBytes);
      await series.write(chunk, { dtype, shape, bytes });
      await series.finishAfter(chunk);
      part.dispose();
    }
    await series.finish();
  } finally {
    await series.close();
  }
}
