/**
 * Collectives of values other than tensors, which Node processes exchange as JSON. Source:
 * torch/distributed/distributed_c10d.py. Python pickles them instead, and pickle is not spoken here.
 */
import { assertionError, runtimeError, typeError, valueError } from '../bindings/errors';
import {
  ANYTHING,
  BOOL,
  DEVICE,
  nullable,
  optional,
  required,
  typeOf,
} from '../dispatch/signature';
import { tensor as makeTensor } from '../tensor/creation';
import type { DeviceLike } from '../tensor/device';
import { int64, uint8 } from '../tensor/dtype';
import { empty, zeros } from '../tensor/factories';
import { cat } from '../tensor/functions';
import type { Tensor } from '../tensor/tensor';
import { all_gather, broadcast, checkGatherList, gather, RANK, scatter } from './collectives';
import { defineAsync, exclusively } from './launch';
import { recv, send } from './messages';
import {
  canonicalRank,
  checkNotSelf,
  defaultGroup,
  type Group,
  group_,
  isMember,
  notInGroup,
  ProcessGroup,
} from './process_group';

/** A value that JSON can hold. `undefined` arrives as null. */
export type Json = unknown;

const LIST = typeOf<unknown[]>('an array', Array.isArray);
const OBJECT = required<unknown>(ANYTHING);

function deviceOf(group: ProcessGroup): string {
  const { config } = ProcessGroup._stateOf(group);
  return config.has('cpu') ? 'cpu' : 'cuda';
}

function encode(value: unknown, device: DeviceLike): Tensor {
  let text: string | undefined;
  try {
    text = JSON.stringify(value ?? null);
  } catch (error) {
    throw typeError(`an object cannot be written as JSON: ${(error as Error).message}`);
  }
  if (text === undefined) throw typeError(`a ${typeof value} cannot be written as JSON`);
  return makeTensor(new Uint8Array(Buffer.from(text)), { dtype: uint8, device });
}

function decode(bytes: Tensor, size: number): unknown {
  const data = bytes.cpu().toTypedArray() as Uint8Array;
  const text = Buffer.from(data.buffer, data.byteOffset, size);
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    const sender = text[0] === 0x80 ? 'a pickled object of Python' : 'no JSON text';
    throw runtimeError(
      `received ${sender}: the functions for objects exchange JSON, and only between Node processes. Exchange tensors with Python processes`,
    );
  }
}

const sizeOf = (bytes: Tensor, device: DeviceLike): Tensor =>
  makeTensor([bytes.numel()], { dtype: int64, device });

/** Returns a tensor of a size, which begins with the bytes. */
function padded(bytes: Tensor, size: number): Tensor {
  if (bytes.numel() === size) return bytes;
  const all = zeros([size], { dtype: uint8, device: bytes.device });
  all.narrow(0, 0, bytes.numel()).copy_(bytes);
  return all;
}

const numbersOf = (sizes: Tensor): number[] =>
  Array.from(sizes.cpu().toTypedArray() as BigInt64Array, Number);

const parts = (all: Tensor, size: number): Tensor[] =>
  Array.from({ length: all.numel() / size }, (_, index) => all.narrow(0, index * size, size));

/** Lets a plain object at a position be the value to send, though it is the last argument. */
function takingData<F>(position: number, call: F): F {
  const all = call as (...args: unknown[]) => unknown;
  const taking = (...args: unknown[]): unknown =>
    all(...args, ...(args.length === position + 1 ? [{}] : []));
  return Object.defineProperties(taking, Object.getOwnPropertyDescriptors(all)) as F;
}

/** Lets all processes know the sizes of each other's bytes. */
async function gatherSizes(bytes: Tensor, group: ProcessGroup, device: string): Promise<number[]> {
  const sizes = zeros([group.size()], { dtype: int64, device });
  await all_gather(parts(sizes, 1), sizeOf(bytes, device), { group });
  return numbersOf(sizes);
}

function decodeParts(target: unknown[], all: Tensor, size: number, sizes: readonly number[]): void {
  for (const [index, part] of parts(all, size).entries()) {
    target[index] = decode(part, sizes[index]!);
  }
}

/**
 * Gathers an object of each process in a list, which all get.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.all_gather_object
 *
 * @throws TypeError if the object cannot be written as JSON; TorchError (RuntimeError) if another process is one of Python
 */
export const all_gather_object: (
  object_list: unknown[],
  obj: Json,
  group?: Group | null | { group?: Group | null },
) => Promise<void> = takingData(
  1,
  defineAsync(
    'all_gather_object',
    { object_list: required(LIST), obj: OBJECT, group: group_ },
    async (v) => {
      if (!isMember(v.group)) return void notInGroup('all_gather_object');
      const group = v.group ?? defaultGroup();
      const device = deviceOf(group);
      const bytes = encode(v.obj, device);
      await exclusively(async () => {
        const sizes = await gatherSizes(bytes, group, device);
        const most = Math.max(...sizes);
        const all = empty([most * group.size()], { dtype: uint8, device });
        await all_gather(parts(all, most), padded(bytes, most), { group });
        decodeParts(v.object_list, all, most, sizes);
      });
    },
  ),
);

/** Options of {@link gather_object}. */
export interface GatherObjectOptions {
  object_gather_list?: unknown[] | null;
  dst?: number | null;
  group?: Group | null;
  group_dst?: number | null;
}

/**
 * Gathers an object of each process in a list of the process `dst`, by default the first.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.gather_object
 */
export const gather_object: (
  obj: Json,
  object_gather_list?: unknown[] | null | GatherObjectOptions,
  options?: Omit<GatherObjectOptions, 'object_gather_list'>,
) => Promise<void> = takingData(
  0,
  defineAsync(
    'gather_object',
    {
      obj: OBJECT,
      object_gather_list: nullable(LIST),
      dst: RANK,
      group: group_,
      group_dst: RANK,
    },
    async (v) => {
      const group = v.group ?? defaultGroup();
      const target = canonicalRank(
        group,
        v.dst === null && v.group_dst === null ? 0 : v.dst,
        v.group_dst,
      );
      if (!isMember(group)) return void notInGroup('gather_object');
      const members = group as ProcessGroup;
      const isTarget = members.rank() === target;
      checkGatherList(isTarget, v.object_gather_list);
      const device = deviceOf(members);
      const bytes = encode(v.obj, device);
      await exclusively(async () => {
        const sizes = await gatherSizes(bytes, members, device);
        const most = Math.max(...sizes);
        const all = isTarget ? empty([most * members.size()], { dtype: uint8, device }) : null;
        await gather(padded(bytes, most), {
          gather_list: all && parts(all, most),
          group_dst: target,
          group,
        });
        if (all) decodeParts(v.object_gather_list!, all, most, sizes);
      });
    },
  ),
);

/** Options of {@link broadcast_object_list}. */
export interface BroadcastObjectOptions {
  src?: number | null;
  group?: Group | null;
  device?: DeviceLike | null;
  group_src?: number | null;
}

/** Writes a list as one tensor of bytes and one of sizes. */
function encodeList(
  list: readonly unknown[],
  device: DeviceLike,
): { bytes: Tensor; sizes: Tensor } {
  const encoded = list.map((each) => encode(each, device));
  return { bytes: cat(encoded), sizes: cat(encoded.map((each) => sizeOf(each, device))) };
}

function decodeList(target: unknown[], bytes: Tensor, sizes: readonly number[]): void {
  let offset = 0;
  for (const [index, size] of sizes.entries()) {
    target[index] = decode(bytes.narrow(0, offset, size), size);
    offset += size;
  }
}

const DEVICE_ = nullable(DEVICE);

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

/**
 * Sends a list of objects of one process to all, which give lists of the same length.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.broadcast_object_list
 */
export const broadcast_object_list: (
  object_list: unknown[],
  src?: number | null | BroadcastObjectOptions,
  options?: Omit<BroadcastObjectOptions, 'src'>,
) => Promise<void> = defineAsync(
  'broadcast_object_list',
  { object_list: required(LIST), src: RANK, group: group_, device: DEVICE_, group_src: RANK },
  async (v) => {
    const group = v.group ?? defaultGroup();
    const source = canonicalRank(
      group,
      v.src === null && v.group_src === null ? 0 : v.src,
      v.group_src,
    );
    if (!isMember(group)) return void notInGroup('broadcast_object_list');
    checkNotEmpty('broadcast_object_list', v.object_list);
    const members = group as ProcessGroup;
    const device = v.device ?? deviceOf(members);
    const sent = members.rank() === source ? encodeList(v.object_list, device) : null;
    await exclusively(async () => {
      const sizes = sent?.sizes ?? empty([v.object_list.length], { dtype: int64, device });
      await broadcast(sizes, { group_src: source, group });
      const numbers = numbersOf(sizes);
      const bytes = sent?.bytes ?? empty([sum(numbers)], { dtype: uint8, device });
      await broadcast(bytes, { group_src: source, group });
      if (!sent) decodeList(v.object_list, bytes, numbers);
    });
  },
);

function checkNotEmpty(name: string, list: readonly unknown[]): void {
  if (list.length === 0) throw valueError(`${name}(): the array of objects is empty`);
}

/** Options of {@link scatter_object_list}. */
export interface ScatterObjectOptions {
  scatter_object_input_list?: unknown[] | null;
  src?: number | null;
  group?: Group | null;
  group_src?: number | null;
}

/**
 * Sends each process its object of a list that the process `src` has, by default the first. It becomes the first element of
 * the output list.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.scatter_object_list
 */
export const scatter_object_list: (
  scatter_object_output_list: unknown[],
  scatter_object_input_list?: unknown[] | null | ScatterObjectOptions,
  options?: Omit<ScatterObjectOptions, 'scatter_object_input_list'>,
) => Promise<void> = defineAsync(
  'scatter_object_list',
  {
    scatter_object_output_list: required(LIST),
    scatter_object_input_list: nullable(LIST),
    src: RANK,
    group: group_,
    group_src: RANK,
  },
  async (v) => {
    const group = v.group ?? defaultGroup();
    const group_src = canonicalRank(
      group,
      v.src === null && v.group_src === null ? 0 : v.src,
      v.group_src,
    );
    if (!isMember(group)) return void notInGroup('scatter_object_list');
    if (v.scatter_object_output_list.length < 1) {
      throw valueError(
        'Expected argument scatter_object_output_list to be a list of size at least 1.',
      );
    }
    const members = group as ProcessGroup;
    const device = deviceOf(members);
    const isSource = members.rank() === group_src;
    if (isSource && v.scatter_object_input_list === null) {
      throw valueError('source rank must provide non-None scatter_object_input_list');
    }
    const sent = isSource ? v.scatter_object_input_list!.map((each) => encode(each, device)) : [];
    await exclusively(async () => {
      const largest = Math.max(0, ...sent.map((each) => each.numel()));
      const most = makeTensor([largest], { dtype: int64, device });
      await broadcast(most, { group_src, group });
      const size = numbersOf(most)[0]!;
      const output = empty([size], { dtype: uint8, device });
      const lists = isSource ? sent.map((each) => padded(each, size)) : null;
      await scatter(output, { scatter_list: lists, group_src, group });
      const own = makeTensor([0], { dtype: int64, device });
      const sizes = isSource ? sent.map((each) => sizeOf(each, device)) : null;
      await scatter(own, { scatter_list: sizes, group_src, group });
      v.scatter_object_output_list[0] = decode(output, numbersOf(own)[0]!);
    });
  },
);

/** Options of {@link send_object_list}. */
export interface SendObjectOptions {
  dst?: number | null;
  group?: Group | null;
  device?: DeviceLike | null;
  group_dst?: number | null;
  use_batch?: boolean;
}

/**
 * Sends a list of objects to another process.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.send_object_list
 */
export const send_object_list: (
  object_list: readonly unknown[],
  dst?: number | null | SendObjectOptions,
  options?: Omit<SendObjectOptions, 'dst'>,
) => Promise<void> = defineAsync(
  'send_object_list',
  {
    object_list: required(LIST),
    dst: RANK,
    group: group_,
    device: DEVICE_,
    group_dst: RANK,
    use_batch: optional(BOOL, false),
  },
  async (v) => {
    const group = v.group ?? defaultGroup();
    const group_dst = canonicalRank(group, v.dst, v.group_dst);
    if (!isMember(group)) return void notInGroup('send_object_list');
    checkNotSelf(group as ProcessGroup, group_dst, 'destination');
    checkNotEmpty('send_object_list', v.object_list);
    const { bytes, sizes } = encodeList(v.object_list, v.device ?? deviceOf(group as ProcessGroup));
    await send(sizes, { group_dst, group });
    await send(bytes, { group_dst, group });
  },
);

/** Options of {@link recv_object_list}. */
export interface RecvObjectOptions {
  src?: number | null;
  group?: Group | null;
  device?: DeviceLike | null;
  group_src?: number | null;
  use_batch?: boolean;
}

/**
 * Receives a list of objects from another process, in a list of the same length. Resolves to the sender's rank.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.recv_object_list
 */
export const recv_object_list: (
  object_list: unknown[],
  src?: number | null | RecvObjectOptions,
  options?: Omit<RecvObjectOptions, 'src'>,
) => Promise<number> = defineAsync(
  'recv_object_list',
  {
    object_list: required(LIST),
    src: RANK,
    group: group_,
    device: DEVICE_,
    group_src: RANK,
    use_batch: optional(BOOL, false),
  },
  async (v) => {
    const group = v.group ?? defaultGroup();
    const group_src = canonicalRank(group, v.src, v.group_src);
    if (!isMember(group)) {
      notInGroup('recv_object_list');
      return -1;
    }
    checkNotSelf(group as ProcessGroup, group_src, 'source');
    const device = v.device ?? deviceOf(group as ProcessGroup);
    const sizes = empty([v.object_list.length], { dtype: int64, device });
    const first = await recv(sizes, { group, group_src });
    const numbers = numbersOf(sizes);
    const bytes = empty([sum(numbers)], { dtype: uint8, device });
    if ((await recv(bytes, { group, group_src })) !== first) {
      throw assertionError('Mismatch in return ranks for object sizes and objects.');
    }
    decodeList(v.object_list, bytes, numbers);
    return first;
  },
);
