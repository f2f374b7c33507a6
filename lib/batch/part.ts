/** The part of a job that one of several machines does. */
import { readdirSync } from 'node:fs';
import path from 'node:path';

import { valueError } from '../bindings/errors';
import type { Column } from './inputs';
import { formatOf } from './outputs/file';

/** Part `index`, from 1, of `count`. */
export interface Part {
  readonly index: number;
  readonly count: number;
}

/** A range of rows. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export const WHOLE: Part = { index: 1, count: 1 };

export const isWhole = ({ count }: Part): boolean => count === 1;

/** Returns `3/16`. */
export const textOf = ({ index, count }: Part): string => `${index}/${count}`;

/**
 * Returns the part that a text such as `3/16` names.
 *
 * @throws RangeError (ValueError) that names `option`
 */
export function partNamed(text: string, option = "evaluate(): 'shard'"): Part {
  const [, index, count] = (/^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? []).map(Number);
  if (index && count && index <= count) return { index, count };
  const range = count ? `from 1/${count} to ${count}/${count}` : 'such as 3/16';
  throw valueError(`${option} must be ${range}, got ${text}`);
}

/** Returns the name of a part's file: `losses.3-of-16.npy`. */
export function fileOf(file: string, part: Part): string {
  if (isWhole(part)) return file;
  const { index, count } = part;
  if (file.endsWith('/')) return path.join(file, `${index}-of-${count}`);
  const format = formatOf(file);
  const extension = format === undefined ? path.extname(file) : `.${format}`;
  return `${file.slice(0, file.length - extension.length)}.${index}-of-${count}${extension}`;
}

const JOURNAL = /^(.+?)(?:\.(\d+)-of-(\d+))?((?:\.[a-z]+){0,2})\.job$/;

/** Returns what a journal's name says: the output of the whole job, `losses.npy` or `eval`, and the part. */
export function partOfJournal(file: string): { output: string; part: Part } | undefined {
  const [found, name, index, count, extension] = JOURNAL.exec(path.basename(file)) ?? [];
  if (found === undefined) return undefined;
  const part = index === undefined ? WHOLE : { index: Number(index), count: Number(count) };
  return { output: `${name}${extension}`, part };
}

/** Returns the journals in a folder of an output's parts, in the order of the parts. */
export function journalsIn(folder: string, output: string): { file: string; part: Part }[] {
  return readdirSync(folder)
    .map((name) => ({ file: path.join(folder, name), named: partOfJournal(name) }))
    .flatMap(({ file, named }) => (named?.output === output ? [{ file, part: named.part }] : []))
    .sort((a, b) => a.part.count - b.part.count || a.part.index - b.part.index);
}

/** Returns the name of the journal of an output: `losses.npy.job`, `losses/eval.3-of-16.job`. */
export const journalOf = (out: string, part: Part): string =>
  out.endsWith('/') ? fileOf(path.join(out, 'eval.job'), part) : `${fileOf(out, part)}.job`;

/** Returns the name of the lock of an output: `losses.npy.lock`, `losses/eval.3-of-16.lock`. */
export const lockOf = (out: string, part: Part): string =>
  journalOf(out, part).replace(/job$/, 'lock');

/** Whether a file of the first input belongs to a part, if parts have whole files: by the file's first row. */
export function hasFile(first: Column, file: number, { index, count }: Part): boolean {
  const place = first.rows ? Math.floor((first.starts[file]! * count) / first.rows) : 0;
  return Math.min(place, count - 1) === index - 1;
}

/** Returns the rows of a part. They are those of its files, or as many as those of each other part. */
export function rowsOf(first: Column, part: Part, byFile: boolean): Range {
  const { index, count } = part;
  const { rows, starts } = first;
  if (!byFile) {
    return {
      from: Math.floor((rows * (index - 1)) / count),
      to: Math.floor((rows * index) / count),
    };
  }
  const own = starts.map((_, file) => file).filter((file) => hasFile(first, file, part));
  if (own.length === 0) return { from: 0, to: 0 };
  return { from: starts[own[0]!]!, to: starts[own.at(-1)! + 1] ?? rows };
}
