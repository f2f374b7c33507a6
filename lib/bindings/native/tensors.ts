/** Data and properties of tensors: native/operators/tensors.cc. */
import type { Complex } from '../../tensor/scalar';
import type { Handle } from '../handle';

export interface NativeTensors {
  tensor_from_bytes(bytes: Uint8Array, dtype: number, shape: readonly number[]): Handle;
  tensor_sharing_bytes(bytes: Uint8Array, dtype: number): Handle;
  /** Copies the elements into `bytes`, in row-major order. The size of `bytes` must be exactly theirs. */
  copy_bytes(tensor: Handle, bytes: Uint8Array): void;
  item(tensor: Handle): number | bigint | boolean | Complex;
  shape(tensor: Handle): number[];
  stride(tensor: Handle): number[];
  storage_offset(tensor: Handle): number;
  dim(tensor: Handle): number;
  numel(tensor: Handle): number;
  dtype(tensor: Handle): number;
  layout(tensor: Handle): number;
  device(tensor: Handle): string;
  is_contiguous(tensor: Handle): boolean;
  data_ptr(tensor: Handle): number | bigint;
  version(tensor: Handle): number;
  /** Formats a number like C's `%g`, which rounds ties to even. JavaScript rounds them up. */
  general_format(value: number): string;
  repr(
    tensor: Handle,
    isParameter: boolean,
    precision: number,
    threshold: number,
    edgeitems: number,
    linewidth: number,
    sciMode: boolean | null,
  ): string;
}
