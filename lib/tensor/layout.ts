/** Memory layouts: `torch.strided`, `torch.channels_last`, … */
import { inspect } from 'node:util';

abstract class NamedCode {
  /** The number in c10, which is passed to the native side. */
  readonly code: number;
  readonly name: string;

  /** @internal */
  constructor(code: number, name: string) {
    this.code = code;
    this.name = name;
    Object.freeze(this);
  }

  toString(): string {
    return `torch.${this.name}`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** The storage layout of a tensor. See https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.layout */
export class Layout extends NamedCode {}

/**
 * The order of dimensions in memory. See
 * https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.memory_format
 */
export class MemoryFormat extends NamedCode {}

export const strided = new Layout(0, 'strided');
export const sparse_coo = new Layout(1, 'sparse_coo');
export const sparse_csr = new Layout(2, 'sparse_csr');
export const sparse_csc = new Layout(4, 'sparse_csc');
export const sparse_bsr = new Layout(5, 'sparse_bsr');
export const sparse_bsc = new Layout(6, 'sparse_bsc');

const LAYOUTS = [strided, sparse_coo, sparse_csr, sparse_csc, sparse_bsr, sparse_bsc];

export function layoutFromCode(code: number): Layout {
  return LAYOUTS.find((layout) => layout.code === code) ?? new Layout(code, `layout_${code}`);
}

export const contiguous_format = new MemoryFormat(0, 'contiguous_format');
export const preserve_format = new MemoryFormat(1, 'preserve_format');
export const channels_last = new MemoryFormat(2, 'channels_last');
export const channels_last_3d = new MemoryFormat(3, 'channels_last_3d');
