/** Seeded test data: tensors as bytes, equal in every run and in both languages. */

export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'complex64'
  | 'complex128'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool';

/** The memory layout of a tensor with a given shape. */
export type Layout = 'contiguous' | 'transposed' | 'strided' | 'expanded';

const HALF = { float16: true, bfloat16: true } as Record<string, boolean>;

export const isFloating = (dtype: DType): boolean =>
  dtype.startsWith('float') || dtype === 'bfloat16';
export const isDifferentiable = (dtype: DType): boolean =>
  isFloating(dtype) || dtype.startsWith('complex');
export const isHalf = (dtype: DType): boolean => HALF[dtype] === true;

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Returns the shape of the memory for a view with this shape and layout. */
function baseShape(shape: readonly number[], layout: Layout): number[] {
  const base = [...shape];
  const last = base.length - 1;
  if (layout === 'transposed') [base[last - 1], base[last]] = [base[last]!, base[last - 1]!];
  if (layout === 'strided') base[last] = base[last]! * 2;
  if (layout === 'expanded') base[0] = 1;
  return base;
}

/** Returns the layouts that a shape can have. Transposing needs two dimensions, expanding a size above 1. */
export function layoutsOf(shape: readonly number[]): Layout[] {
  const layouts: Layout[] = ['contiguous'];
  if (shape.length > 0) layouts.push('strided');
  if (shape.length > 0 && shape[0]! > 0) layouts.push('expanded');
  if (shape.length > 1) layouts.push('transposed');
  return layouts;
}

/** A tensor argument: its bytes, and how both languages make the tensor from them. */
export class Input {
  readonly base: number[];

  private constructor(
    readonly dtype: DType,
    readonly shape: readonly number[],
    readonly layout: Layout,
    readonly bytes: Uint8Array,
    readonly requires_grad: boolean,
  ) {
    this.base = baseShape(shape, layout);
  }

  /** Fills the memory of the view, element by element. */
  static of(
    dtype: DType,
    shape: readonly number[],
    element: (i: number) => number,
    { layout = 'contiguous' as Layout, requires_grad = false } = {},
  ): Input {
    const count = product(baseShape(shape, layout));
    const bytes = encode(dtype, count, element);
    return new Input(dtype, shape, layout, bytes, requires_grad && isDifferentiable(dtype));
  }

  /** Returns the same tensor without requires_grad. */
  detached(): Input {
    return new Input(this.dtype, this.shape, this.layout, this.bytes, false);
  }

  /** Returns a tensor of another shape with the same elements, which are repeated as needed. */
  reshaped(shape: readonly number[]): Input {
    const width = elementSize(this.dtype);
    const from = this.bytes.length > 0 ? this.bytes : new Uint8Array(width);
    const bytes = new Uint8Array(product(shape) * width).map((_, i) => from[i % from.length]!);
    return new Input(this.dtype, shape, 'contiguous', bytes, this.requires_grad);
  }

  /** Returns the same tensor with one element changed. */
  withElement(index: number, value: number): Input {
    const bytes = this.bytes.slice();
    bytes.set(
      encode(this.dtype, 1, () => value),
      index * elementSize(this.dtype),
    );
    return new Input(this.dtype, this.shape, this.layout, bytes, this.requires_grad);
  }

  /** Returns the elements in the memory of an integer tensor. Empty for other dtypes. */
  integers(): number[] {
    const { buffer } = this.bytes.slice();
    if (this.dtype === 'int64') return Array.from(new BigInt64Array(buffer), Number);
    return this.dtype === 'int32' ? Array.from(new Int32Array(buffer)) : [];
  }

  toString(): string {
    const how = this.layout === 'contiguous' ? '' : ` ${this.layout}`;
    return `${this.dtype}[${this.shape.join(',')}]${how}${this.requires_grad ? ' grad' : ''}`;
  }
}

const elementSize = (dtype: DType): number => encode(dtype, 1, () => 0).length;

function encode(dtype: DType, count: number, element: (i: number) => number): Uint8Array {
  const list = (n: number): Float64Array => {
    const numbers = new Float64Array(n);
    for (let i = 0; i < n; i++) numbers[i] = element(i);
    return numbers;
  };
  const bytesOf = (array: ArrayBufferView): Uint8Array =>
    new Uint8Array(array.buffer as ArrayBuffer);
  switch (dtype) {
    case 'float32':
      return bytesOf(Float32Array.from(list(count)));
    case 'float64':
      return bytesOf(Float64Array.from(list(count)));
    case 'complex64':
      return bytesOf(Float32Array.from(list(2 * count)));
    case 'complex128':
      return bytesOf(Float64Array.from(list(2 * count)));
    case 'bfloat16':
      return bytesOf(Uint16Array.from(list(count), (value) => float32Bits(value) >>> 16));
    case 'float16':
      return bytesOf(Uint16Array.from(list(count), float16Bits));
    case 'int64':
      return bytesOf(BigInt64Array.from(list(count), (value) => BigInt(Math.trunc(value))));
    case 'int32':
      return bytesOf(Int32Array.from(list(count)));
    case 'int16':
      return bytesOf(Int16Array.from(list(count)));
    case 'int8':
      return bytesOf(Int8Array.from(list(count)));
    case 'uint8':
      return bytesOf(Uint8Array.from(list(count)));
    case 'bool':
      return bytesOf(Uint8Array.from(list(count), (value) => (value > 0 ? 1 : 0)));
  }
}

const FLOAT = new Float32Array(1);
const BITS = new Uint32Array(FLOAT.buffer);

function float32Bits(value: number): number {
  FLOAT[0] = value;
  return BITS[0]!;
}

/**
 * Returns the bits of a float16 near `value`. It is rounded towards zero; a small number is denormal or 0, a large one
 * infinite.
 */
function float16Bits(value: number): number {
  const bits = float32Bits(value);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  const mantissa = bits & 0x7fffff;
  if (Number.isNaN(value)) return sign | 0x7e00;
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent > 0) return sign | (exponent << 10) | (mantissa >>> 13);
  if (exponent < -10) return sign;
  return sign | ((mantissa | 0x800000) >>> (14 - exponent));
}

const SPECIAL = [0, -0, Infinity, -Infinity, NaN, 1e-45, -1e-40, 5e-324, 3e38, -1e30, 65504, 1, -1];

export interface TensorOptions {
  dtype?: DType;
  requires_grad?: boolean;
  /** The memory layout. Ignored if the shape cannot have it. */
  layout?: Layout;
  /** Includes zeros, infinities, NaNs, denormal and huge values. */
  special?: boolean;
}

/** A seeded generator of random numbers (mulberry32), and of tensors for losses. */
export class Random {
  constructor(private state: number) {}

  /** Returns a number from the uniform distribution on [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length)]!;
  }

  private gaussian(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  private tensor(
    shape: readonly number[],
    options: TensorOptions,
    element: (i: number) => number,
  ): Input {
    const { dtype = 'float32', special = false, layout = 'contiguous' } = options;
    const mixed = (i: number): number =>
      special && this.next() < 0.2 ? this.pick(SPECIAL) : element(i);
    return Input.of(dtype, shape, isFloating(dtype) ? mixed : element, {
      layout: layoutsOf(shape).includes(layout) ? layout : 'contiguous',
      requires_grad: options.requires_grad ?? false,
    });
  }

  /** Returns normally distributed numbers, or small integers for integer dtypes. */
  normal(shape: readonly number[], options: TensorOptions = {}): Input {
    const { dtype = 'float32' } = options;
    if (!isDifferentiable(dtype))
      return this.integers(shape, dtype === 'uint8' ? 0 : -3, 4, options);
    return this.tensor(shape, options, () => this.gaussian());
  }

  uniform(shape: readonly number[], low: number, high: number, options: TensorOptions = {}): Input {
    return this.tensor(shape, options, () => low + (high - low) * this.next());
  }

  integers(
    shape: readonly number[],
    low: number,
    high: number,
    options: TensorOptions = {},
  ): Input {
    return this.tensor(shape, { dtype: 'int64', ...options }, () => this.integer(low, high));
  }

  /** Returns the numbers -1 and 1. */
  signs(shape: readonly number[], options: TensorOptions = {}): Input {
    return this.tensor(shape, options, () => (this.next() < 0.5 ? -1 : 1));
  }

  /** Returns multiples of a fixed step, so that ties and differences of exactly 0 and 1 occur. */
  grid(shape: readonly number[], options: TensorOptions = {}): Input {
    return this.tensor(shape, options, () => this.integer(-4, 5) / 2);
  }

  /** Returns log-probabilities. The numbers along the last dimension form one distribution. */
  logProbabilities(shape: readonly number[], options: TensorOptions = {}): Input {
    const classes = shape.at(-1)!;
    let row: number[] = [];
    return this.tensor(shape, options, () => {
      if (!row.length) {
        const logits = Array.from({ length: classes }, () => 4 * this.next() - 2);
        const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
        row = logits.map((logit) => logit - total);
      }
      return row.pop()!;
    });
  }
}
