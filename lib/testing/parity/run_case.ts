/** Runs a user's case, and compares the result with Python's. */
import { valueError } from '../../bindings/errors';
import { native } from '../../bindings/native';
import type { Tensor } from '../../tensor/tensor';
import * as torch from '../../torch';
import type { Given } from '../diagnosis/evidence';
import { elementsOf } from '../difference/elements';
import { sideOf } from '../difference/side';
import { readCase, type SavedCase } from './case_file';
import { allowanceOf, firstAndLast, type RunReport, type Tolerances } from './port/comparison';
import { type Environment, environmentHere, sideNotes } from './port/environments';
import { compareTensors, type TensorReport, worstOf } from './port/tensor_report';

/** A report on a case has what one on a run has, and the call. */
export interface CaseReport extends RunReport {
  loss: string;
  arguments: Readonly<Record<string, string>>;
}

export interface CaseOptions extends Tolerances {
  threads?: number | undefined;
}

/**
 * Runs a case with the threads and the device that Python used, unless the options say otherwise.
 *
 * @throws RangeError (ValueError) if the file is not a case; the loss's error if it throws for the arguments
 */
export function runCase(path: string, { threads, ...tolerances }: CaseOptions = {}): CaseReport {
  const saved = readCase(path);
  const before = native.get_num_threads();
  const wanted = threads ?? saved.threads;
  try {
    if (wanted !== undefined) native.set_num_threads(wanted);
    const results = resultsOf(saved, tolerances);
    const sides = { recorded: pythonOf(saved), here: environmentHere(saved.device) };
    return {
      verdict: worstOf(results.map(({ verdict }) => verdict)),
      path,
      loss: saved.loss,
      arguments: argumentsOf(saved),
      results,
      ...firstAndLast(results),
      problems: [],
      notes: sideNotes(sides),
      sides,
    };
  } finally {
    native.set_num_threads(before);
  }
}

function resultsOf(saved: SavedCase, tolerances: Tolerances): TensorReport[] {
  const given = [...saved.tensors].map(([name, tensor]): Given => {
    const numbers = () => elementsOf(sideOf(tensor)).numbers;
    const { dtype, shape } = tensor;
    return { name, kind: 'input', dtype: String(dtype), shape, tensor: () => tensor, numbers };
  });
  const context = { given: () => given, options: saved.options, recomputes: true };
  return [...answers(saved)].map(([label, [python, ours]]) => {
    const isGrad = label !== 'value';
    const entry = isGrad
      ? { kind: 'grad' as const, name: label.slice('grad.'.length), step: 0 }
      : { kind: 'output' as const, name: label, step: 0 };
    const allowance = allowanceOf(tolerances, label);
    return compareTensors(entry, sideOf(python), sideOf(ours), allowance, context);
  });
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

function argumentsOf({ tensors, options }: SavedCase): Record<string, string> {
  return Object.fromEntries([
    ...[...tensors].map(([name, tensor]) => [name, `${tensor.dtype}[${tensor.shape.join(', ')}]`]),
    ...Object.entries(options).map(([name, value]) => [
      name,
      Array.isArray(value) ? `[${value.join(', ')}]` : String(value),
    ]),
  ]) as Record<string, string>;
}

const pythonOf = (saved: SavedCase): Environment => ({
  language: 'Python',
  runtime: null,
  torch: saved.torch ?? null,
  threads: saved.threads ?? null,
  cpu_capability: saved.cpuCapability ?? null,
  device: saved.device,
  kernels: [],
});
