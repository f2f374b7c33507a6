/** Tensors of every dtype, shape, layout and state. */
import fc from 'fast-check';
import torch, { type Tensor } from 'torch-losses';

/** The description of a tensor. */
export interface TensorSpec {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly layout: Layout;
  readonly fill: Fill;
  readonly requires_grad: boolean;
  readonly device: string;
  readonly state: 'live' | 'computed' | 'disposed' | 'busy';
}

const LAYOUTS = [
  'contiguous',
  'transposed',
  'strided',
  'expanded',
  'overlapping',
  'sparse',
  'csr',
  'meta',
  'conjugate',
] as const;
type Layout = (typeof LAYOUTS)[number];

export const DEVICES = torch.cuda.is_available() ? ['cpu', 'cuda'] : ['cpu'];

const FILLS = ['ones', 'zeros', 'negative', 'nan', 'infinity', 'huge', 'counting'] as const;
export type Fill = (typeof FILLS)[number];

const DTYPES = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'int16',
  'int8',
  'uint8',
  'uint16',
  'uint64',
  'bool',
  'complex64',
  'complex128',
  'complex32',
] as const;

const SHAPES: readonly (readonly number[])[] = [
  [3, 4],
  [3, 4],
  [3, 4],
  [3],
  [4],
  [],
  [1],
  [0],
  [3, 0],
  [0, 4],
  [4, 4],
  [2, 3, 4],
  [3, 4, 2, 2],
  [1, 1, 1, 1, 1],
  [6, 3, 5],
  Array<number>(64).fill(1),
  [257],
];

const VALUES: Record<Fill, number> = {
  ones: 1,
  zeros: 0,
  negative: -2,
  nan: NaN,
  infinity: Infinity,
  huge: 1e30,
  counting: 1,
};

function dtypeNamed(name: string): torch.DType {
  return (torch as unknown as Record<string, torch.DType>)[name]!;
}

function filled(shape: readonly number[], spec: TensorSpec): Tensor {
  const dtype = dtypeNamed(spec.dtype);
  const isReal = dtype.is_floating_point || dtype.is_complex;
  const value = VALUES[spec.fill];
  const integer = Number.isFinite(value) && Math.abs(value) < 100 ? value : 99;
  const signed = dtype.is_signed || integer >= 0 ? integer : 1;
  const made =
    spec.fill === 'counting'
      ? torch.arange(shape.reduce((a, b) => a * b, 1)).reshape([...shape])
      : // Not of the default dtype: a call may have changed it to one that is too small.
        torch.full([...shape], isReal ? value : signed, {
          dtype: isReal ? torch.float32 : torch.int64,
        });
  return made.to(dtype);
}

/** Returns a tensor of the same shape with another memory layout. */
function laidOut(spec: TensorSpec): Tensor {
  const { shape, layout } = spec;
  const last = shape.length - 1;
  switch (layout) {
    case 'transposed':
      return last < 1
        ? filled(shape, spec)
        : filled([...shape.slice(0, -2), shape[last]!, shape[last - 1]!], spec).transpose(-1, -2);
    case 'strided':
      return last < 0 ? filled(shape, spec) : filled([...shape, 2], spec).select(-1, 0);
    case 'expanded':
      return filled(
        shape.map(() => 1),
        spec,
      ).expand([...shape]);
    case 'overlapping':
      return filled([shape.reduce((a, b) => a + b, 1)], spec).as_strided(
        [...shape],
        shape.map(() => 1),
      );
    case 'sparse':
      return torch.ops.aten.to_sparse(filled(shape, spec));
    case 'csr':
      return last === 1 ? torch.ops.aten.to_sparse_csr(filled(shape, spec)) : filled(shape, spec);
    case 'meta':
      return filled(shape, spec).to('meta');
    case 'conjugate':
      return torch.ops.aten._conj(filled(shape, spec));
    default:
      return filled(shape, spec);
  }
}

/** Makes the tensor. If its dtype cannot have the layout, the tensor is contiguous. */
export function makeTensor(spec: TensorSpec): Tensor {
  let tensor: Tensor;
  try {
    tensor = laidOut(spec).to(spec.device);
  } catch {
    tensor = filled(spec.shape, spec).to(spec.device); // a dtype that has no such layout
  }
  const { dtype } = tensor;
  if (spec.requires_grad && (dtype.is_floating_point || dtype.is_complex)) {
    tensor = tensor.detach().requires_grad_();
    if (spec.state === 'computed') tensor = tensor.mul(1);
  }
  if (spec.state === 'disposed') tensor.dispose();
  if (spec.state === 'busy') torch.ops.aten.sum.async(tensor).catch(() => {});
  return tensor;
}

export const tensorSpecs: fc.Arbitrary<TensorSpec> = fc.record({
  dtype: fc.oneof(
    { weight: 5, arbitrary: fc.constant('float32') },
    { weight: 2, arbitrary: fc.constant('int64') },
    { weight: 3, arbitrary: fc.constantFrom(...DTYPES) },
  ),
  shape: fc.constantFrom(...SHAPES),
  layout: fc.oneof(
    { weight: 6, arbitrary: fc.constant('contiguous' as const) },
    { weight: 4, arbitrary: fc.constantFrom(...LAYOUTS) },
  ),
  fill: fc.oneof(
    { weight: 3, arbitrary: fc.constant('counting' as const) },
    { weight: 4, arbitrary: fc.constantFrom(...FILLS) },
  ),
  requires_grad: fc.boolean(),
  device: fc.constantFrom(...DEVICES),
  state: fc.oneof(
    { weight: 12, arbitrary: fc.constant('live' as const) },
    { weight: 3, arbitrary: fc.constant('computed' as const) },
    { weight: 1, arbitrary: fc.constant('disposed' as const) },
    { weight: 1, arbitrary: fc.constant('busy' as const) },
  ),
});
