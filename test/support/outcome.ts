/**
 * What a program did, in a form that two languages can be compared in: values to the last bit,
 * gradients, warnings, the error.
 */

/** A tensor's contents. `bytes` are little-endian, contiguous. */
export interface TensorValue {
  dtype: string;
  shape: readonly number[];
  bytes: Uint8Array;
  requires_grad: boolean;
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
  /** The step that failed, or the last one. */
  stage: string;
  error: { type: string; message: string } | null;
  warnings: readonly (readonly [category: string, text: string])[];
}

/** The classes whose texts are our own: they come from Python's argument parser. */
const OWN_TEXT = new Set(['TypeError', 'AttributeError']);

/**
 * The differences between Python's outcome and ours, a line each; none when they are equal.
 *
 * @param ownTexts - the classes of errors whose texts may differ
 */
export function differences(
  python: Outcome,
  ours: Outcome,
  ownTexts: ReadonlySet<string> = OWN_TEXT,
): string[] {
  if (python.error || ours.error) return differentErrors(python, ours, ownTexts);
  return [
    ...differentValues('result', python.result, ours.result),
    ...differentLists('gradient', python.grads, ours.grads),
    ...differentLists('second gradient', python.seconds, ours.seconds),
  ];
}

function differentErrors(python: Outcome, ours: Outcome, ownTexts: ReadonlySet<string>): string[] {
  const show = ({ error, stage }: Outcome): string =>
    error ? `${error.type} (in ${stage}): ${JSON.stringify(error.message)}` : `no error (${stage})`;
  const same =
    python.error?.type === ours.error?.type &&
    python.stage === ours.stage &&
    (ownTexts.has(python.error!.type) || python.error?.message === ours.error?.message);
  return same ? [] : [`Python: ${show(python)}\n    ours:   ${show(ours)}`];
}

function differentLists(
  what: string,
  python: readonly Value[] | undefined,
  ours: readonly Value[] | undefined,
): string[] {
  if (python?.length !== ours?.length) {
    return [`${what}: Python has ${python?.length ?? 'none'}, we have ${ours?.length ?? 'none'}`];
  }
  return (python ?? []).flatMap((value, i) => differentValues(`${what} ${i}`, value, ours![i]));
}

function differentValues(what: string, python?: Value, ours?: Value): string[] {
  if (!python || !ours) return python === ours ? [] : [`${what}: only one side has it`];
  if ('list' in python && 'list' in ours) return differentLists(what, python.list, ours.list);
  if ('tensor' in python && 'tensor' in ours) {
    return differentTensors(what, python.tensor, ours.tensor);
  }
  const [a, b] = [showValue(python), showValue(ours)];
  return a === b ? [] : [`${what}: Python ${a}, ours ${b}`];
}

function showValue(value: Value): string {
  if ('tensor' in value) return `tensor ${value.tensor.dtype}[${value.tensor.shape.join(',')}]`;
  if ('list' in value) return `[${value.list.map(showValue).join(', ')}]`;
  return JSON.stringify('number' in value ? value.number : value.plain);
}

function differentTensors(what: string, python: TensorValue, ours: TensorValue): string[] {
  const fields = ['dtype', 'shape', 'requires_grad', 'grad_fn'] as const;
  const found = fields
    .filter((field) => String(python[field]) !== String(ours[field]))
    .map((field) => `${what}.${field}: Python ${python[field]}, ours ${ours[field]}`);
  if (found.length && python.bytes.length !== ours.bytes.length) return found;
  return Buffer.compare(python.bytes, ours.bytes) === 0
    ? found
    : [...found, differentBytes(what, python, ours)];
}

/** Names the first element that differs, its bits, and how many do. */
function differentBytes(what: string, python: TensorValue, ours: TensorValue): string {
  const count = python.shape.reduce((a, b) => a * b, 1);
  const width = python.bytes.length / count;
  const bits = (value: TensorValue, i: number): string =>
    Buffer.from(value.bytes.subarray(i * width, (i + 1) * width))
      .reverse()
      .toString('hex');
  const different = Array.from({ length: count }, (_, i) => i).filter(
    (i) => bits(python, i) !== bits(ours, i),
  );
  const first = different[0]!;
  return (
    `${what} (${python.dtype}[${python.shape.join(',')}]): ${different.length} of ${count} elements ` +
    `differ; [${first}] Python 0x${bits(python, first)}, ours 0x${bits(ours, first)}`
  );
}
