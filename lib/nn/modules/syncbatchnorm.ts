/** Batch normalization over several processes. Source: torch/nn/modules/batchnorm.py. */
import { notImplementedError, valueError } from '../../bindings/errors';
import {
  BOOL,
  option,
  optional,
  type Positional,
  required,
  Signature,
} from '../../dispatch/signature';
import { GROUP, type Group, get_world_size, is_initialized } from '../../distributed/process_group';
import type { Tensor } from '../../tensor/tensor';
import { BatchNorm, type NormOptions, normParameters } from './batchnorm';
import { MODULE, type Module } from './module';

export interface SyncBatchNormOptions extends NormOptions {
  /** The processes. Default: null, the default group. */
  process_group?: Group | null | undefined;
}

const { device, dtype, bias: _, ...before } = normParameters(true, true);
const process_group = optional<Group | null>(GROUP, null);
const SIGNATURE = new Signature('SyncBatchNorm', {
  ...before,
  process_group,
  device,
  dtype,
  bias: option(BOOL, true),
});

const CONVERT = new Signature('convert_sync_batchnorm', {
  module: required(MODULE),
  process_group,
});

/**
 * Normalizes each channel over the batches of all processes. It is a {@link BatchNorm1d}, {@link BatchNorm2d} or {@link
 * BatchNorm3d} without a process group, in evaluation, and in a group of one.
 *
 * As in Python, a group needs CUDA tensors. Groups of several processes are not supported yet.
 *
 * Shapes: input (N, C) or (N, C, …), output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html
 */
export class SyncBatchNorm extends BatchNorm {
  static readonly signature = SIGNATURE.description;
  process_group: Group | null;

  constructor(
    ...args: Positional<
      [num_features: number],
      ['eps', 'momentum', 'affine', 'track_running_stats', 'process_group', 'device', 'dtype'],
      SyncBatchNormOptions
    >
  ) {
    const { process_group, ...values } = SIGNATURE.read(args);
    super(values);
    this.process_group = process_group;
  }

  override _check_input_dim(input: Tensor): void {
    if (input.dim() < 2) {
      throw valueError(`expected at least 2D input (got ${input.dim()}D input)`);
    }
    if (input.size(1) === 0) {
      throw valueError('SyncBatchNorm number of input channels should be non-zero');
    }
  }

  override _check_batch(input: Tensor): void {
    if (!this.training || !is_initialized()) return;
    if (input.device.type !== 'cuda') {
      throw valueError('SyncBatchNorm expected input tensor to be on GPU or XPU or privateuseone');
    }
    if (get_world_size(this.process_group) > 1) {
      throw notImplementedError('SyncBatchNorm is not supported in a group of several processes');
    }
  }

  /**
   * Replaces all batch normalizations of a module, at any depth, by layers of this class with the same parameters.
   *
   * @returns the module, or the new layer if the module is itself a batch normalization
   */
  static convert_sync_batchnorm(
    module: Module,
    process_group?: Group | null | { process_group?: Group | null },
  ): Module;
  static convert_sync_batchnorm(...args: unknown[]): Module {
    const { module, process_group } = CONVERT.read(args);
    return convert(module, process_group);
  }
}

function convert(module: Module, process_group: Group | null): Module {
  const result = module instanceof BatchNorm ? synchronized(module, process_group) : module;
  for (const [name, child] of module.named_children()) {
    result.add_module(name, convert(child, process_group));
  }
  return result;
}

function synchronized(layer: BatchNorm, process_group: Group | null): SyncBatchNorm {
  const { num_features, eps, momentum, affine, track_running_stats } = layer;
  const bias = layer.bias !== null;
  const options = { eps, momentum, affine, track_running_stats, process_group, bias };
  const result = new SyncBatchNorm(num_features, options);
  if (affine) Object.assign(result, { weight: layer.weight, bias: layer.bias });
  const { running_mean, running_var, num_batches_tracked, training } = layer;
  return Object.assign(result, { running_mean, running_var, num_batches_tracked, training });
}
