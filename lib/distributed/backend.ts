/** Backends by name and device. Source: torch/distributed/distributed_c10d.py (Backend, BackendConfig). */

import { assertionError, runtimeError, valueError } from '../bindings/errors';
import { native } from '../bindings/native';
import { warn } from '../bindings/warnings';
import { is_available as hasGpu } from '../cuda';
import { DEVICE, required, Signature, STRING } from '../dispatch/signature';
import { type DeviceLike, device as deviceOf, hasAccelerator } from '../tensor/device';

/** Names of backends. `Backend.GLOO` is `'gloo'`. */
export const Backend = {
  UNDEFINED: 'undefined',
  GLOO: 'gloo',
  NCCL: 'nccl',
  UCC: 'ucc',
  MPI: 'mpi',
  XCCL: 'xccl',
  FAKE: 'fake',
} as const;

const DEVICES: Readonly<Record<string, readonly string[]>> = {
  gloo: ['cpu', 'cuda'],
  nccl: ['cuda'],
  xccl: ['xpu'],
  ucc: ['cpu', 'cuda'],
  mpi: ['cpu', 'cuda'],
  fake: ['cpu', 'cuda', 'hpu', 'xpu'],
};

export const DEFAULT_BACKENDS: Readonly<Record<string, string>> = {
  cpu: 'gloo',
  cuda: 'nccl',
  xpu: 'xccl',
  mps: 'gloo',
};

/** Returns the backend of each device that a backend's name stands for. */
export function backendConfig(name: string): Map<string, string> {
  if (name === Backend.UNDEFINED) {
    const device = hasGpu() ? 'cuda' : 'cpu';
    return new Map([[device, DEFAULT_BACKENDS[device]!]]);
  }
  const devices = DEVICES[name];
  if (devices) return new Map(devices.map((device) => [device, name]));
  if (name.includes(':')) return parsePairs(name);
  warn(
    `Device capability of ${name} unknown, assuming \`cpu\` and \`cuda\`. You can specify it in \`device:backend\` format in \`init_process_group\` call.`,
    'UserWarning',
    'user',
  );
  return new Map(['cpu', 'cuda', 'xpu'].map((device) => [device, name]));
}

function parsePairs(name: string): Map<string, string> {
  const explanation = `The custom backend string argument is invalid: ${name}.
                Custom backend string is an experimental feature where the backend string must be in the format:
                "<device_type1>:<backend1>,<device_type2>:<backend2>...". e.g. 'cpu:gloo,cuda:nccl'`;
  const config = new Map<string, string>();
  for (const pair of name.split(',')) {
    const parts = pair.split(':');
    if (parts.length !== 2) {
      throw valueError(
        `Invalid device:backend pairing:                                      ${pair}. ${explanation}`,
      );
    }
    const [device, backend] = parts as [string, string];
    if (config.has(device)) {
      throw valueError(
        `Duplicate device type ${device}                                      in backend string: ${backend}. ${explanation}`,
      );
    }
    config.set(device, backend);
  }
  return config;
}

/** Returns the backend that a group uses for what has no device. */
export function defaultBackendOf(name: string, config: ReadonlyMap<string, string>): string {
  const backends = [...config.values()];
  if (name !== Backend.UNDEFINED && !name.includes(':')) {
    if (!(name in DEVICES)) throw assertionError(`Unknown backend type ${name}`);
    return name;
  }
  return backends.includes(Backend.NCCL) ? Backend.NCCL : Backend.GLOO;
}

/** @throws TorchError if a group cannot have a backend */
export function checkBackend(name: string): void {
  if (is_backend_available(name)) return;
  if (name === Backend.MPI) {
    throw runtimeError(
      "Distributed package doesn't have MPI built in. MPI is only included if you build PyTorch from source on a host that has MPI installed.",
    );
  }
  const upper = name.toUpperCase();
  if (name === Backend.NCCL || name === Backend.XCCL || name === Backend.GLOO) {
    throw runtimeError(`Distributed package doesn't have ${upper} built in`);
  }
  throw assertionError(`Unknown c10d backend type ${upper}`);
}

/** Returns whether this libtorch has process groups at all. */
export const is_available = (): boolean => native.dist_is_available();

/** Returns whether groups can use Gloo. */
export const is_gloo_available = (): boolean => is_available();

/** Returns whether libtorch has NCCL: the CUDA builds for Linux. To use it takes a GPU, too. */
export const is_nccl_available = (): boolean =>
  is_available() && hasAccelerator() && process.platform === 'linux';

export const is_mpi_available = (): boolean => false;
export const is_ucc_available = (): boolean => false;
export const is_xccl_available = (): boolean => false;

const IS_AVAILABLE = new Signature('is_backend_available', { backend: required(STRING) });

/** Returns whether groups can use a backend, or all of `cpu:gloo,cuda:nccl`. */
export function is_backend_available(backend: string): boolean;
export function is_backend_available(...args: unknown[]): boolean {
  const name = IS_AVAILABLE.read(args).backend.toLowerCase();
  if (name.includes(':'))
    return [...parsePairs(name).values()].every((each) => is_backend_available(each));
  if (name === Backend.GLOO) return is_gloo_available();
  if (name === Backend.NCCL) return is_nccl_available();
  return false;
}

const OF_DEVICE = new Signature('get_default_backend_for_device', { device: required(DEVICE) });

/** Returns the backend that is used for a device if none is named. */
export function get_default_backend_for_device(device: DeviceLike): string;
export function get_default_backend_for_device(...args: unknown[]): string {
  const { device } = OF_DEVICE.read(args);
  const backend = DEFAULT_BACKENDS[deviceOf(device).type];
  if (backend) return backend;
  throw valueError(`Default backend not registered for device : ${device}`);
}
