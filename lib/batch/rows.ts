/** Finds the rows that a loss refuses, and computes the losses of the others. */
import { tensor } from '../tensor/creation';
import * as dtypes from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';

/** The inputs of some rows, by name. */
export type Inputs = Readonly<Record<string, Tensor>>;

/** The losses of rows and, if they are wanted, the gradients of the first input. */
export interface Computed {
  readonly losses: Tensor;
  readonly gradients?: Tensor | undefined;
}

/** What finding rows needs to know. */
export interface Computation {
  compute(inputs: Inputs): Promise<Computed>;
  /** The name of the first input. */
  readonly first: string;
  /** Returns the dimension of an input's rows. */
  dim(input: string): number;
}

/** A row that is refused, and the error. */
export interface BadRow {
  readonly row: number;
  readonly cause: Error;
}

/** With more rows refused in one chunk, the cause is taken to be no single row. */
const MOST_BAD = 1000;

/** Returns the first row that is refused, or undefined if it is refused only together with others. */
export async function firstBadRow(
  inputs: Inputs,
  rows: number,
  computation: Computation,
): Promise<BadRow | undefined> {
  let from = 0;
  let to = rows;
  while (to - from > 1) {
    const middle = (from + to) >>> 1;
    if (await refusal(inputs, from, middle, computation)) to = middle;
    else from = middle;
  }
  const cause = await refusal(inputs, from, to, computation);
  return cause && { row: from, cause };
}

/** Returns the rows that are refused, or undefined if these are all, or too many. */
export async function badRowsOf(
  inputs: Inputs,
  rows: number,
  computation: Computation,
): Promise<BadRow[] | undefined> {
  const bad: BadRow[] = [];
  const open: [from: number, to: number][] = [[0, rows]];
  for (let part = open.pop(); part && bad.length <= MOST_BAD; part = open.pop()) {
    const [from, to] = part;
    const cause = await refusal(inputs, from, to, computation);
    if (!cause) continue;
    const middle = (from + to) >>> 1;
    if (to - from === 1) bad.push({ row: from, cause });
    else open.push([middle, to], [from, middle]);
  }
  return bad.length < Math.min(rows, MOST_BAD) ? bad : undefined;
}

async function refusal(
  inputs: Inputs,
  from: number,
  to: number,
  { compute, dim }: Computation,
): Promise<Error | undefined> {
  const parts = mapped(inputs, (input, name) => input.narrow(dim(name), from, to - from));
  try {
    const { losses, gradients } = await compute(parts);
    losses.dispose();
    gradients?.dispose();
    return undefined;
  } catch (error) {
    return error as Error;
  } finally {
    for (const part of Object.values(parts)) part.dispose();
  }
}

/** Returns the numbers of the rows that are not refused. */
export function goodRows(rows: number, bad: readonly BadRow[]): number[] {
  const refused = new Set(bad.map(({ row }) => row));
  return Array.from({ length: rows }, (_, row) => row).filter((row) => !refused.has(row));
}

/**
 * Returns the losses and gradients, NaN for the rows that are refused. A copy of another row stands for each of them
 * while the others are computed, so that their losses are those of the whole chunk.
 */
export async function computedWithout(
  inputs: Inputs,
  good: readonly number[],
  bad: readonly BadRow[],
  computation: Computation,
): Promise<Computed> {
  const rows = good.length + bad.length;
  const indices = Array.from({ length: rows }, (_, row) => row);
  for (const { row } of bad) indices[row] = good[0]!;
  const { losses, gradients } = await computation.compute(selected(inputs, indices, computation));
  const missing = indexOf(bad.map(({ row }) => row));
  return {
    losses: losses.index_fill_(0, missing, Number.NaN),
    gradients: gradients?.index_fill_(computation.dim(computation.first), missing, Number.NaN),
  };
}

/** Returns some of the rows of each input. */
export const selected = (
  inputs: Inputs,
  rows: readonly number[],
  { dim }: Pick<Computation, 'dim'>,
): Inputs => mapped(inputs, (input, name) => input.index_select(dim(name), indexOf(rows, input)));

export const indexOf = (rows: readonly number[], on?: Tensor): Tensor =>
  tensor([...rows], { dtype: dtypes.int64, device: on?.device ?? 'cpu' });

export function mapped(
  inputs: Inputs,
  change: (input: Tensor, name: string) => Tensor,
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [name, change(input, name)]),
  );
}
