/** Describes a job for its journal. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { inspect } from 'node:util';

import { isTensor } from '../bindings/handle';
import { libtorch, native } from '../bindings/native';
import { get_device_name } from '../cuda/device';
import { bytesOf } from '../serialization/writer';
import { Device } from '../tensor/device';
import type { Tensor } from '../tensor/tensor';
import type { Column } from './inputs';
import type { JobDescription } from './journal';
import type { Chunked } from './losses';
import type { Settings } from './options';

export function describeJob(
  loss: Chunked,
  columns: readonly Column[],
  { dtypes, device, onError, out, gradOut }: Settings,
): JobDescription {
  const { type } = new Device(device);
  const inputs = columns.map(({ input, shards }) => [
    input,
    shards.map(({ source, member, stamp }) => {
      const isNamed = source.label === source.path;
      const absolute = isNamed ? path.resolve(source.path) : source.label;
      return { file: member === undefined ? absolute : `${absolute}:${member}`, ...stamp };
    }),
  ]);
  return {
    format: 1,
    loss: loss.name,
    options: mapped(loss.options, textOf),
    dtypes: mapped(dtypes, String),
    device: type,
    hardware: type === 'cpu' ? native.cpu_capability() : get_device_name(device),
    libtorch: libtorch.version,
    onError,
    output: (out ?? gradOut)?.format ?? 'none',
    gradients: gradOut === null ? 'none' : path.resolve(gradOut.out),
    inputs: Object.fromEntries(inputs),
  };
}

function mapped<T>(values: Readonly<Record<string, T>>, text: (value: T) => string) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, text(value)]));
}

function textOf(value: unknown): string {
  return isTensor(value) ? tensorText(value as Tensor) : inspect(value);
}

/** Names a tensor by a hash of its elements. */
function tensorText(tensor: Tensor): string {
  const hash = createHash('sha256');
  for (const part of bytesOf(tensor.cpu())) hash.update(part);
  return `a ${tensor.dtype} tensor (${tensor.shape.join(', ')}) ${hash.digest('hex').slice(0, 16)}`;
}
