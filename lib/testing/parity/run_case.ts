/** Runs a user's case, and compares the result with Python's. */
import { valueError } from '../../bindings/errors';
import { native } from '../../bindings/native';
import type { Tensor } from '../../tensor/tensor';
import * as torch from '../../torch';
import { readCase, type SavedCase } from './case_file';
import type { TensorValue } from './outcome';
import { tensorValue } from './outcome';
import { isClose, measure, type Tolerance } from './ulps';

/** The comparison of one tensor of the result. */
export interface CaseResult {
  /** The name: `value`, or `grad.` and the name of an argument. */
  name: string;
  verdict: 'equal' | 'close' | 'different';
  dtype: string;
  shape: readonly number[];
  /** The number of elements that differ, and the number of all elements. */
  different: number;
  count: number;
  /** For the element that differs most: the distance, its index, and both values. */
  ulps: number;
  at: readonly number[];
  python: string;
  ours: string;
}

export interface CaseReport {
  verdict: 'equal' | 'close' | 'different';
  path: string;
  loss: string;
  arguments: Readonly<Record<string, string>>;
  results: readonly CaseResult[];
  /** Properties that differ between the environments. Equal bits are then not guaranteed. */
  notes: readonly string[];
}

/**
 * Runs a case with the threads and the device that Python used, unless the options say otherwise.
 *
 * @throws RangeError (ValueError) if the file is not a case; the loss's error if it throws for the arguments
 */
export function runCase(
  path: string,
  { tolerance, threads }: { tolerance?: Tolerance | undefined; threads?: number | undefined } = {},
): CaseReport {
  const saved = readCase(path);
  const before = native.get_num_threads();
  const wanted = threads ?? saved.threads;
  try {
    if (wanted !== undefined) native.set_num_threads(wanted);
    const results = [...answers(saved)].map(([name, [python, ours]]) =>
      resultOf(name, tensorValue(python), tensorValue(ours), tolerance),
    );
    const verdicts = results.map(({ verdict }) => verdict);
    return {
      verdict: (['different', 'close'] as const).find((one) => verdicts.includes(one)) ?? 'equal',
      path,
      loss: saved.loss,
      arguments: argumentsOf(saved),
      results,
      notes: notesOf(saved, native.get_num_threads()),
    };
  } finally {
    native.set_num_threads(before);
  }
}

/** Returns Python's tensors and ours, by name. */
function answers(saved: SavedCase): Map<string, [python: Tensor, ours: Tensor]> {
  const device = deviceFor(saved);
  const leaves = new Map<string, Tensor>();
  const given = new Map<string, unknown>(Object.entries(saved.options));
  for (const [name, tensor] of saved.tensors) {
    const moved = device === 'cpu' ? tensor : tensor.to(device);
    if (saved.grads.has(name)) leaves.set(name, moved.detach().requires_grad_());
    given.set(name, leaves.get(name) ?? moved);
  }
  const value = call(saved, given);
  const found = new Map([['value', [saved.value, value] as [Tensor, Tensor]]]);
  if (leaves.size === 0) return found;
  const grads = torch.autograd.grad(value, [...leaves.values()], {
    grad_outputs: saved.gradOutput?.to(device) ?? torch.ones_like(value),
    allow_unused: true,
  });
  for (const [i, name] of [...leaves.keys()].entries()) {
    const ours = grads[i] ?? torch.zeros_like(leaves.get(name)!);
    found.set(`grad.${name}`, [saved.grads.get(name)!, ours]);
  }
  return found;
}

type Parameters = readonly { name: string; required: boolean }[];

function call({ path, loss }: SavedCase, given: ReadonlyMap<string, unknown>): Tensor {
  const functions = torch.nn.functional as unknown as Record<
    string,
    ((...args: unknown[]) => Tensor) & { signature: Parameters }
  >;
  const run = functions[loss]!;
  const names = run.signature.map(({ name }) => name);
  for (const name of given.keys()) {
    if (names.includes(name)) continue;
    throw valueError(`${path}: ${loss} has no argument ${JSON.stringify(name)}`);
  }
  const inputs = run.signature
    .filter(({ required }) => required)
    .map(({ name }) => given.get(name));
  const missing = names[inputs.indexOf(undefined)];
  if (missing) throw valueError(`${path}: ${loss} needs the argument ${JSON.stringify(missing)}`);
  const options = run.signature
    .filter(({ name, required }) => !required && given.has(name))
    .map(({ name }) => [name, given.get(name)] as const);
  return run(...inputs, Object.fromEntries(options));
}

function deviceFor({ device }: SavedCase): string {
  return device.startsWith('cuda') && torch.cuda.is_available() ? device : 'cpu';
}

function resultOf(
  name: string,
  python: TensorValue,
  ours: TensorValue,
  tolerance: Tolerance | undefined,
): CaseResult {
  const count = python.shape.reduce((product, size) => product * size, 1);
  const { dtype, shape } = python;
  const equal = { name, dtype, shape, different: 0, count, ulps: 0, at: [], python: '', ours: '' };
  if (dtype !== ours.dtype || String(shape) !== String(ours.shape)) {
    const show = (value: TensorValue): string => `${value.dtype}[${value.shape.join(', ')}]`;
    const texts = { python: show(python), ours: show(ours) };
    return { ...equal, ...texts, verdict: 'different', different: count, ulps: Infinity };
  }
  if (Buffer.compare(python.bytes, ours.bytes) === 0) return { ...equal, verdict: 'equal' };
  const { different, ulps, at, values } = measure(python, ours);
  const verdict = tolerance && isClose(python, ours, tolerance) ? 'close' : 'different';
  return { ...equal, verdict, different, ulps, at, python: values[0], ours: values[1] };
}

function argumentsOf({ tensors, options }: SavedCase): Record<string, string> {
  return Object.fromEntries([
    ...[...tensors].map(([name, tensor]) => [name, `${tensor.dtype}[${tensor.shape.join(', ')}]`]),
    ...Object.entries(options).map(([name, value]) => [
      name,
      Array.isArray(value) ? `[${value.join(', ')}]` : String(value),
    ]),
  ]) as Record<string, string>;
}

function notesOf(saved: SavedCase, threads: number): string[] {
  const capability = native.cpu_capability();
  const differing: [what: string, python: string | undefined, ours: string][] = [
    ['torch', saved.torch, torch.__version__],
    ['threads', saved.threads === undefined ? undefined : String(saved.threads), String(threads)],
    ['CPU capability', saved.cpuCapability, capability],
    ['device', saved.device, deviceFor(saved)],
  ];
  return differing
    .filter(([, python, ours]) => python !== undefined && python !== ours)
    .map(([what, python, ours]) => `${what}: Python had ${python}, here it is ${ours}`);
}
