/** Copies the tensors of a batch to pinned memory. Source: torch/utils/data/_utils/pin_memory.py. */
import { TENSOR } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { mapped } from './containers';

/** Returns the same data with its tensors in pinned memory. What has a method `pin_memory` is pinned by it. */
export function pin_memory(data: unknown): unknown {
  if (TENSOR.accepts(data)) return (data as Tensor).pin_memory();
  const own = (data as { pin_memory?: unknown } | null | undefined)?.pin_memory;
  if (typeof own === 'function') return own.call(data);
  return mapped(data, pin_memory) ?? data;
}
