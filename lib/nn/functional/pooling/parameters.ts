/** What the pooling functions have in common: parameters, options and types. */
import {
  BOOL,
  nullable,
  optional,
  type Positional,
  required,
  TENSOR,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { SIZE, type Size } from '../../sizes';

export type Dims = 1 | 2 | 3;

/** An operator whose arguments were read by a signature. */
export type Operation<Result = Tensor> = (...args: unknown[]) => Result;

export const INPUT = { input: required(TENSOR) };
export const STRIDE = { stride: nullable(SIZE) };
export const WINDOW = { ...INPUT, kernel_size: required(SIZE), ...STRIDE };
export const PADDING = { padding: optional<Size>(SIZE, 0) };
export const CEIL_MODE = { ceil_mode: optional(BOOL, false) };
export const RETURN_INDICES = { return_indices: optional(BOOL, false) };

/** The largest elements, and where they are in the input, counted through its last dimensions. */
export type WithIndices = [output: Tensor, indices: Tensor];

export interface StrideOption {
  /** The step of the window. Default: null, the size of the window. */
  stride?: Size | null | undefined;
}

export interface CeilModeOption {
  /** Whether windows may reach over the end. Default: false. */
  ceil_mode?: boolean | undefined;
}

export interface PaddingOption {
  /** The number of elements that are added on both sides. Default: 0. */
  padding?: Size | undefined;
}

export interface IndicesOption<Indices extends boolean = boolean> {
  /** Returns the output and the indices. Default: false. */
  return_indices?: Indices | undefined;
}

/** The required arguments of most functions. */
export type Window = [input: Tensor, kernel_size: Size];

/** The arguments of a function with the option `return_indices`. */
type Indexed<
  Required extends readonly unknown[],
  Before extends readonly (keyof Options)[],
  Options,
  After extends readonly (keyof Options)[],
  Indices extends boolean,
> = Positional<
  Required,
  [...Before, return_indices: 'return_indices', ...After],
  Options & IndicesOption<Indices>
>;

/** A function with the option `return_indices`, which decides what it returns. */
export interface Indexing<
  Required extends readonly unknown[],
  Before extends readonly (keyof Options)[],
  Options,
  After extends readonly (keyof Options)[] = [],
> {
  (...args: Indexed<Required, Before, Options, After, false>): Tensor;
  (...args: Indexed<Required, Before, Options, After, true>): WithIndices;
  (...args: Indexed<Required, Before, Options, After, boolean>): Tensor | WithIndices;
}
