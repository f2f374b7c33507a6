/** Compares outcomes with torch's tolerances for each dtype, for results that need not have equal bits. */
import torch, { type Tensor } from 'torch-losses';

import {
  differences,
  type Outcome,
  type TensorValue,
  type Value,
} from '../../dist/testing/parity/outcome';
import type { Differ } from '../parity/parity';

/** The tolerances of torch.testing.assert_close. */
const TOLERANCES: Readonly<Record<string, readonly [relative: number, absolute: number]>> = {
  'torch.float16': [1e-3, 1e-5],
  'torch.bfloat16': [1.6e-2, 1e-5],
  'torch.float32': [1.3e-6, 1e-5],
  'torch.float64': [1e-7, 1e-7],
  'torch.complex64': [1.3e-6, 1e-5],
  'torch.complex128': [1e-7, 1e-7],
};

type DTypes = Readonly<Record<string, typeof torch.float32>>;

function tensorOf({ dtype, shape, bytes }: TensorValue): Tensor {
  const named = (torch as unknown as DTypes)[dtype.replace('torch.', '')]!;
  if (bytes.length === 0) return torch.empty([...shape], { dtype: named });
  const copy = new Uint8Array(bytes);
  return torch.frombuffer(copy.buffer, { dtype: named }).reshape([...shape]);
}

/**
 * Like `differences`, but accepts values that are close.
 *
 * @param factor - multiplies the tolerances, for sums of many terms in another order
 */
export function closeDifferences(factor = 1): Differ {
  return (expected, ours, ownTexts) => {
    const substitute = (wanted: Value | undefined, got: Value | undefined): Value | undefined => {
      if (!wanted || !got) return got;
      if ('list' in wanted && 'list' in got) {
        return { list: got.list.map((value, i) => substitute(wanted.list[i], value)!) };
      }
      const isClose =
        'tensor' in wanted && 'tensor' in got && close(wanted.tensor, got.tensor, factor);
      return isClose ? { tensor: { ...got.tensor, bytes: wanted.tensor.bytes } } : got;
    };
    const all = (wanted: Outcome['grads'], got: Outcome['grads']): Outcome['grads'] =>
      got?.map((value, i) => substitute(wanted?.[i], value)!);
    const { result, grads, seconds } = ours;
    const substituted = {
      ...ours,
      ...(result && { result: substitute(expected.result, result)! }),
      ...(grads && { grads: all(expected.grads, grads)! }),
      ...(seconds && { seconds: all(expected.seconds, seconds)! }),
    };
    return differences(expected, substituted, ownTexts);
  };
}

function close(wanted: TensorValue, got: TensorValue, factor: number): boolean {
  const tolerance = TOLERANCES[wanted.dtype];
  if (!tolerance || wanted.dtype !== got.dtype) return false;
  if (String(wanted.shape) !== String(got.shape)) return false;
  const [rtol, atol] = tolerance.map((value) => value * factor) as [number, number];
  const [a, b] = [tensorOf(wanted), tensorOf(got)].map((tensor) =>
    tensor.is_complex() ? tensor.to(torch.complex128) : tensor.to(torch.float64),
  ) as [Tensor, Tensor];
  return a.allclose(b, { rtol, atol, equal_nan: true });
}
