/** The tensors that a step changes. */
import type { Tensor } from '../tensor/tensor';

/** A parameter with its gradient and momentum buffer. */
export interface Update {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  buffer: Tensor | null;
}

/** Groups updates that one kernel call can do. */
export function byDeviceAndDtype(updates: readonly Update[]): Iterable<Update[]> {
  const groups = new Map<string, Update[]>();
  for (const update of updates) {
    const { device, dtype } = update.parameter;
    const key = `${device} ${dtype}`;
    const group = groups.get(key);
    if (group) group.push(update);
    else groups.set(key, [update]);
  }
  return groups.values();
}
