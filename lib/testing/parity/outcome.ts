/** The outcome of a program in a form that both languages share: exact values, gradients, warnings, the error. */
import type { GraphNode } from '../../autograd/graph';
import { native } from '../../bindings/native';
import type { RecordedWarning } from '../../bindings/warnings';
import { wrap } from '../../bindings/wrap';
import { dtypes } from '../../tensor/dtype_table';
import { Tensor } from '../../tensor/tensor';
import {
  type Allowance,
  type Difference as Deviation,
  differenceOf,
} from '../difference/difference';
import { sideOf } from '../difference/side';
import { ulpsText } from '../difference/text';
import type { Raw } from './call';

/** The contents of a tensor. `bytes` are little-endian and contiguous. */
export interface TensorValue {
  dtype: string;
  shape: readonly number[];
  bytes: Uint8Array;
  requires_grad: boolean;
  /** The graph's functions, such as `MeanBackward0(SubBackward0(AccumulateGrad:0, None):0)`. */
  grad_fn: string | null;
}

export type Value =
  | { tensor: TensorValue }
  | { number: string }
  | { plain: string | boolean | null }
  | { list: readonly Value[] };

export interface Outcome {
  result?: Value;
  grads?: readonly Value[];
  seconds?: readonly Value[];
  /** The step that failed, or the last step. */
  stage: string;
  error: { type: string; message: string } | null;
  warnings: readonly RecordedWarning[];
}

/** Converts the raw results of a run in JavaScript. */
export function outcomeOf(raw: Raw, warnings: Outcome['warnings'] = []): Outcome {
  const error = raw.error && {
    type: (raw.error as { pythonType?: string }).pythonType ?? `JavaScript ${raw.error.name}`,
    message: (raw.error as { pythonMessage?: string }).pythonMessage ?? raw.error.message,
  };
  return {
    stage: raw.stage,
    error,
    warnings,
    ...(raw.result !== undefined && { result: toValue(raw.result) }),
    ...(raw.grads && { grads: raw.grads.map(toValue) }),
    ...(raw.seconds && { seconds: raw.seconds.map(toValue) }),
  };
}

/** Returns the contents of a tensor. */
function tensorValue(tensor: Tensor): TensorValue {
  const array = tensor.detach().toTypedArray() as ArrayBufferView;
  return {
    dtype: String(tensor.dtype),
    shape: tensor.shape,
    bytes: new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength),
    requires_grad: tensor.requires_grad,
    grad_fn: tensor.grad_fn && graphOf(tensor.grad_fn),
  };
}

const MOST_FUNCTIONS = 64;

/** Formats a function of the graph with all functions that follow it. */
function graphOf(root: GraphNode): string {
  let left = MOST_FUNCTIONS;
  const show = (node: GraphNode): string => {
    left -= 1;
    if (left < 0) return '...';
    const nexts = node.next_functions.map(([next, input]) =>
      next ? `${show(next)}:${input}` : 'None',
    );
    return nexts.length > 0 ? `${node.name()}(${nexts.join(', ')})` : node.name();
  };
  return show(root);
}

function toValue(value: unknown): Value {
  if (value instanceof Tensor) return { tensor: tensorValue(value) };
  if (typeof value === 'number' || typeof value === 'bigint') return { number: String(value) };
  if (value === null || typeof value === 'string' || typeof value === 'boolean') {
    return { plain: value };
  }
  if (typeof value === 'object' && Symbol.iterator in value) {
    return { list: [...(value as Iterable<unknown>)].map(toValue) };
  }
  if (typeof value === 'object' && 're' in value && 'im' in value) {
    return { list: [value.re, value.im].map(toValue) };
  }
  return { plain: String(value) };
}

/** A difference between two outcomes. */
export interface Difference {
  kind: 'error' | 'value' | 'gradient' | 'warning';
  /** The difference in words, with both values. */
  text: string;
  /** Python's tensor and ours, if only their elements differ. */
  tensors?: readonly [python: TensorValue, ours: TensorValue];
  /** Whether only the name of `grad_fn` differs, and no number. */
  isGraph?: true;
}

/** The classes whose messages differ from Python's, because there they come from Python's argument parser. */
const OWN_TEXT = new Set(['TypeError', 'AttributeError']);

/**
 * Returns the differences between Python's outcome and ours, except in warnings: {@link differentWarnings}.
 *
 * @param ownTexts - the classes of errors whose messages may differ
 */
export function differences(
  python: Outcome,
  ours: Outcome,
  ownTexts: ReadonlySet<string> = OWN_TEXT,
): Difference[] {
  if (python.error || ours.error) return differentErrors(python, ours, ownTexts);
  const named = (kind: Difference['kind'], found: Found[]): Difference[] =>
    found.map((difference) => ({ kind, ...difference }));
  return [
    ...named('value', differentValues('result', python.result, ours.result)),
    ...named('gradient', differentLists('gradient', python.grads, ours.grads)),
    ...named('gradient', differentLists('second gradient', python.seconds, ours.seconds)),
  ];
}

/** Returns the differences between the warnings of both: category and text of each, in order, with repetitions. */
export function differentWarnings(python: Outcome, ours: Outcome): Difference[] {
  const [theirs, own] = [python, ours].map(({ warnings }) => warnings.map(warningText));
  if (theirs!.join('\n') === own!.join('\n')) return [];
  const show = (warnings: readonly string[]): string => warnings.join('\n            ') || 'none';
  return [
    {
      kind: 'warning',
      text: `warnings: Python: ${show(theirs!)}\n    ours:   ${show(own!)}`,
    },
  ];
}

/** Removes the source position of libtorch from a C++ warning, since it differs between builds. */
const warningText = ([category, text]: RecordedWarning): string =>
  `${category}: ${JSON.stringify(text.replace(/ \(Triggered internally at .*\)$/s, ''))}`;

type Found = Omit<Difference, 'kind'>;

function differentErrors(
  python: Outcome,
  ours: Outcome,
  ownTexts: ReadonlySet<string>,
): Difference[] {
  const show = ({ error, stage }: Outcome): string =>
    error ? `${error.type} (in ${stage}): ${JSON.stringify(error.message)}` : `no error (${stage})`;
  const same =
    python.error?.type === ours.error?.type &&
    python.stage === ours.stage &&
    (ownTexts.has(python.error!.type) || python.error?.message === ours.error?.message);
  const text = `Python: ${show(python)}\n    ours:   ${show(ours)}`;
  return same ? [] : [{ kind: 'error', text }];
}

function differentLists(
  what: string,
  python: readonly Value[] | undefined,
  ours: readonly Value[] | undefined,
): Found[] {
  if (python?.length !== ours?.length) {
    const counts = [python, ours].map((list) => list?.length ?? 'none');
    return [{ text: `${what}: Python has ${counts[0]}, we have ${counts[1]}` }];
  }
  return (python ?? []).flatMap((value, i) => differentValues(`${what} ${i}`, value, ours![i]));
}

function differentValues(what: string, python?: Value, ours?: Value): Found[] {
  if (!python || !ours) {
    return python === ours ? [] : [{ text: `${what}: only one side has it` }];
  }
  if ('list' in python && 'list' in ours) return differentLists(what, python.list, ours.list);
  if ('tensor' in python && 'tensor' in ours) {
    return differentTensors(what, python.tensor, ours.tensor);
  }
  const [a, b] = [showValue(python), showValue(ours)];
  return a === b ? [] : [{ text: `${what}: Python ${a}, ours ${b}` }];
}

function showValue(value: Value): string {
  if ('tensor' in value) return `tensor ${value.tensor.dtype}[${value.tensor.shape.join(',')}]`;
  if ('list' in value) return `[${value.list.map(showValue).join(', ')}]`;
  return JSON.stringify('number' in value ? value.number : value.plain);
}

function differentTensors(what: string, python: TensorValue, ours: TensorValue): Found[] {
  const fields = ['dtype', 'shape', 'requires_grad', 'grad_fn'] as const;
  const found: Found[] = fields
    .filter((field) => String(python[field]) !== String(ours[field]))
    .map((field) => ({
      text: `${what}.${field}: Python ${python[field]}, ours ${ours[field]}`,
      ...(field === 'grad_fn' && { isGraph: true }),
    }));
  const comparable = python.dtype === ours.dtype && python.bytes.length === ours.bytes.length;
  if (!comparable || Buffer.compare(python.bytes, ours.bytes) === 0) return found;
  const { different, count, ulps, at, values, bits } = deviationOf(python, ours)!;
  const text =
    `${what} (${python.dtype}[${python.shape.join(',')}]): ${different} of ${count} elements differ, by at most ` +
    `${ulpsText(ulps.greatest)} ulps${at.length ? ` at [${at.join(', ')}]` : ''}: ` +
    `Python ${values[0]} (${bits[0]}), ours ${values[1]} (${bits[1]})`;
  return [...found, { text, tensors: [python, ours] }];
}

/** Measures the difference of two tensors of one dtype and size; undefined if all bits are equal. */
export function deviationOf(
  python: TensorValue,
  ours: TensorValue,
  allowance?: Allowance,
): Deviation | undefined {
  return differenceOf(sideOf(tensorOf(python)), sideOf(tensorOf(ours)), allowance);
}

const tensorOf = ({ dtype, bytes, shape }: TensorValue): Tensor =>
  wrap(native.tensor_from_bytes(bytes, dtypes.get(dtype.replace('torch.', ''))!.code, shape));
