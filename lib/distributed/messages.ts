/** Messages from one process to another. Source: torch/distributed/distributed_c10d.py. */
import { typeError, valueError } from '../bindings/errors';
import { type AsyncOptions, splitSignal } from '../bindings/jobs';
import { Operator } from '../dispatch/operators';
import {
  ANYTHING,
  type Declarations,
  INT,
  optional,
  type Positional,
  required,
  Signature,
  TENSOR,
  type ValuesOf,
} from '../dispatch/signature';
import type { Tensor } from '../tensor/tensor';
import { RANK, real } from './collectives';
import { defineAsync, launch } from './launch';
import {
  canonicalRank,
  checkNotSelf,
  defaultGroup,
  type Group,
  globalRankOf,
  group_,
  isMember,
  notInGroup,
} from './process_group';
import type { Work } from './work';

const SEND = new Operator('c10d::send');
const RECV = new Operator('c10d::recv_');
const RECV_ANY = new Operator('c10d::recv_any_source_');

const TO = {
  tensor: required(TENSOR),
  dst: RANK,
  group: group_,
  tag: optional(INT, 0),
  group_dst: RANK,
};
const FROM = {
  tensor: required(TENSOR),
  src: RANK,
  group: group_,
  tag: optional(INT, 0),
  group_src: RANK,
};

/** Options of {@link send} and {@link isend}. */
export interface SendOptions extends AsyncOptions {
  /** The receiver's rank in the default group. This or `group_dst` must be given. */
  dst?: number | null;
  /** Default: null, the default group */
  group?: Group | null;
  /** Messages meet if their tags are equal. Default: 0 */
  tag?: number;
  /** The receiver's rank in the group. */
  group_dst?: number | null;
}

/** Options of {@link recv} and {@link irecv}. */
export interface RecvOptions extends AsyncOptions {
  /** The sender's rank in the default group. Default: null, any sender */
  src?: number | null;
  /** Default: null, the default group */
  group?: Group | null;
  /** Messages meet if their tags are equal. Default: 0 */
  tag?: number;
  /** The sender's rank in the group. */
  group_src?: number | null;
}

/** Defines a function that starts something and returns its Work. It throws for wrong arguments. */
function defineMessage<F, D extends Declarations>(
  name: string,
  declarations: D,
  start: (values: ValuesOf<D>, options: AsyncOptions) => Work | null,
): F {
  const signature = new Signature(name, declarations);
  const call = (...args: unknown[]): Work | null => {
    const [others, options] = splitSignal(args);
    return start(signature.read(others), options);
  };
  Object.defineProperty(call, 'name', { value: name });
  Object.defineProperty(call, 'signature', { value: signature.description });
  return call as F;
}

function startSend(v: ValuesOf<typeof TO>, { signal }: AsyncOptions): Work | null {
  const members = v.group ?? defaultGroup();
  const target = canonicalRank(members, v.dst, v.group_dst);
  if (!isMember(members)) return notInGroup('isend');
  return launch(SEND, [[real(v.tensor)], members, target, v.tag], { signal, outputs: [v.tensor] });
}

function startRecv(v: ValuesOf<typeof FROM>, { signal }: AsyncOptions): Work | null {
  if (!isMember(v.group)) return notInGroup('irecv');
  const members = v.group ?? defaultGroup();
  const options = { signal, outputs: [v.tensor] };
  if (v.src === null && v.group_src === null) {
    return launch(RECV_ANY, [[real(v.tensor)], members, v.tag], options);
  }
  const source = canonicalRank(members, v.src, v.group_src);
  return launch(RECV, [[real(v.tensor)], members, source, v.tag], options);
}

/**
 * Starts to send a tensor to another process. The tensor must not be changed before the work has ended.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.isend
 */
export const isend: (
  ...args: Positional<[tensor: Tensor], ['dst', 'group'], SendOptions>
) => Work | null = defineMessage('isend', TO, startSend);

/**
 * Starts to receive a tensor from another process, or from any.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.irecv
 */
export const irecv: (
  ...args: Positional<[tensor: Tensor], ['src', 'group'], RecvOptions>
) => Work | null = defineMessage('irecv', FROM, startRecv);

/**
 * Sends a tensor to another process.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.send
 */
export const send: (
  ...args: Positional<[tensor: Tensor], ['dst', 'group'], SendOptions>
) => Promise<void> = defineAsync('send', TO, async (v, options) => {
  const members = v.group ?? defaultGroup();
  const target = canonicalRank(members, v.dst, v.group_dst);
  if (isMember(members)) checkNotSelf(members!, target, 'destination');
  await startSend(v, options)?.wait();
});

/**
 * Receives a tensor from another process, or from any. Resolves to the sender's rank in the default group, or to -1 if this
 * process is not in the group.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.recv
 */
export const recv: (
  ...args: Positional<[tensor: Tensor], ['src', 'group'], RecvOptions>
) => Promise<number> = defineAsync('recv', FROM, async (v, options) => {
  const work = startRecv(v, options);
  if (!work) return -1;
  await work.wait();
  if (v.src !== null) return v.src;
  const members = (v.group ?? defaultGroup()) as Exclude<Group, number>;
  const source = v.group_src ?? work.source_rank();
  checkNotSelf(members, source, 'source');
  return globalRankOf(members, source);
});

const P2P_OP = new Signature('P2POp', {
  op: required<unknown>(ANYTHING),
  tensor: required(TENSOR),
  peer: RANK,
  group: group_,
  tag: optional(INT, 0),
  group_peer: RANK,
});

/** Options of {@link P2POp}. */
export interface P2POpOptions {
  /** The other's rank in the default group. This or `group_peer` must be given. */
  peer?: number | null;
  /** Default: null, the default group */
  group?: Group | null;
  /** Default: 0 */
  tag?: number;
  /** The other's rank in the group. */
  group_peer?: number | null;
}

/**
 * A message for {@link batch_isend_irecv}.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.P2POp
 */
export class P2POp {
  /** @internal */
  static readonly signature = P2P_OP.description;
  readonly op: typeof isend | typeof irecv;
  readonly tensor: Tensor;
  readonly group: Group;
  readonly peer: number;
  readonly tag: number;
  readonly group_peer: number;

  constructor(
    ...args: Positional<
      [op: typeof isend | typeof irecv, tensor: Tensor],
      ['peer', 'group'],
      P2POpOptions
    >
  );
  constructor(...args: unknown[]) {
    const v = P2P_OP.read(args);
    if (v.op !== isend && v.op !== irecv) {
      throw valueError(
        'Invalid ``op``. Expected ``op`` to be of type ``torch.distributed.isend`` or ``torch.distributed.irecv``.',
      );
    }
    this.op = v.op as typeof isend | typeof irecv;
    this.tensor = v.tensor;
    this.group = v.group ?? defaultGroup();
    this.group_peer = canonicalRank(this.group, v.peer, v.group_peer);
    this.peer = v.peer ?? globalRankOf(this.group, this.group_peer);
    this.tag = v.tag;
  }
}

/**
 * Starts several messages. All are of one group.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.batch_isend_irecv
 *
 * @throws RangeError (ValueError) unless the array has only messages, of one group
 */
export function batch_isend_irecv(p2p_op_list: readonly P2POp[]): Work[];
export function batch_isend_irecv(...args: unknown[]): Work[] {
  const { p2p_op_list } = BATCH.read(args);
  if (!Array.isArray(p2p_op_list) || !p2p_op_list.every((each) => each instanceof P2POp)) {
    throw valueError(
      'Invalid ``p2p_op_list``. Each op is expected to to be of type ``torch.distributed.P2POp``.',
    );
  }
  const list = p2p_op_list as P2POp[];
  if (list.length === 0) throw typeError(`batch_isend_irecv(): the array is empty`);
  if (list.some(({ group }) => group !== list[0]!.group)) {
    throw valueError('All ops need to use the same group.');
  }
  return list.flatMap(({ op, tensor, group, tag, group_peer }) => {
    const work =
      op === isend
        ? isend(tensor, { group, tag, group_dst: group_peer })
        : irecv(tensor, { group, tag, group_src: group_peer });
    return work ? [work] : [];
  });
}

const BATCH = new Signature('batch_isend_irecv', { p2p_op_list: required<unknown>(ANYTHING) });
