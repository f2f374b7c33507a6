/** The table of dtypes, by c10's number and by name. dtype.ts exports them as constants. */
import { inspect } from 'node:util';

/**
 * An element type.
 *
 * See https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.dtype
 */
export class DType {
  /** The number of the dtype in c10, which is passed to the native side. */
  readonly code: number;
  /** The name without `torch.`. */
  readonly name: string;
  /** Bytes of one element. */
  readonly itemsize: number;
  readonly is_floating_point: boolean;
  readonly is_complex: boolean;
  readonly is_signed: boolean;

  /** @internal */
  constructor(code: number, name: string, itemsize: number, kind: DTypeKind) {
    this.code = code;
    this.name = name;
    this.itemsize = itemsize;
    this.is_floating_point = kind === 'float';
    this.is_complex = kind === 'complex';
    this.is_signed = kind !== 'unsigned';
    Object.freeze(this);
  }

  toString(): string {
    return `torch.${this.name}`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

type DTypeKind = 'float' | 'complex' | 'signed' | 'unsigned';

/** Lists the dtypes in c10's order (c10/core/ScalarType.h). A test compares the table with the native side's. */
const TABLE: readonly (readonly [code: number, name: string, itemsize: number, kind: DTypeKind])[] =
  [
    [0, 'uint8', 1, 'unsigned'],
    [1, 'int8', 1, 'signed'],
    [2, 'int16', 2, 'signed'],
    [3, 'int32', 4, 'signed'],
    [4, 'int64', 8, 'signed'],
    [5, 'float16', 2, 'float'],
    [6, 'float32', 4, 'float'],
    [7, 'float64', 8, 'float'],
    [8, 'complex32', 4, 'complex'],
    [9, 'complex64', 8, 'complex'],
    [10, 'complex128', 16, 'complex'],
    [11, 'bool', 1, 'unsigned'],
    [15, 'bfloat16', 2, 'float'],
    [23, 'float8_e5m2', 1, 'float'],
    [24, 'float8_e4m3fn', 1, 'float'],
    [25, 'float8_e5m2fnuz', 1, 'float'],
    [26, 'float8_e4m3fnuz', 1, 'float'],
    [27, 'uint16', 2, 'unsigned'],
    [28, 'uint32', 4, 'unsigned'],
    [29, 'uint64', 8, 'unsigned'],
    [44, 'float8_e8m0fnu', 1, 'float'],
  ];

const byCode = new Map<number, DType>();
const byName = new Map<string, DType>();
for (const [code, name, itemsize, kind] of TABLE) {
  const dtype = new DType(code, name, itemsize, kind);
  byCode.set(code, dtype);
  byName.set(name, dtype);
}

/** Returns the dtype with c10's number. If the table has no such dtype, returns one whose name contains the number. */
export function dtypeFromCode(code: number): DType {
  let dtype = byCode.get(code);
  if (!dtype) {
    dtype = new DType(code, `scalar_type_${code}`, 0, 'signed');
    byCode.set(code, dtype);
  }
  return dtype;
}

/** Every dtype by its torch name, without aliases. */
export const dtypes: ReadonlyMap<string, DType> = byName;
