/** Describes a call as data, so that Python and JavaScript run the same program. */
import { inspect } from 'node:util';
import { native } from '../../bindings/native';
import { wrap } from '../../bindings/wrap';
import type { Module } from '../../nn/modules/module';
import { dtypes } from '../../tensor/dtype_table';
import { Tensor } from '../../tensor/tensor';
import * as torch from '../../torch';
import { Input } from './inputs';

/** An argument with an expression for each language: a float, a dtype, a function, a slice … */
export class PerLanguage {
  constructor(
    readonly python: string,
    readonly javascript: unknown,
  ) {}
}

export type Argument = Input | PerLanguage | number | boolean | string | null | readonly Argument[];
export type Options = Readonly<Record<string, Argument>>;

/** Returns a Python float for a parameter of type `float`, which takes any JavaScript number. */
export const float = (value: number): PerLanguage =>
  new PerLanguage(Number.isFinite(value) ? pythonFloat(value) : `float('${value}')`, value);
/** Returns a Python float for a parameter of type `Scalar`. */
export const scalar = (value: number): PerLanguage =>
  new PerLanguage(float(value).python, Number.isInteger(value) ? torch.asFloat(value) : value);
export const dtype = (name: string): PerLanguage =>
  new PerLanguage(`torch.${name}`, (torch as unknown as Record<string, unknown>)[name]);

function pythonFloat(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  return Number.isInteger(value) && !/e/.test(String(value)) ? `${value}.0` : String(value);
}

export interface Call {
  /** The dotted name in both languages: `F.mse_loss`, `nn.MSELoss`, `torch.cat`, `Tensor.add_`. */
  callee: string;
  /** Python's expression for the callee, if the name differs. */
  python?: string;
  args?: readonly Argument[];
  /** Keyword arguments in Python, the options object in JavaScript. */
  kwargs?: Options;
  /** For a class: attributes that are set on the new object, then the arguments of its call. */
  set?: Options;
  forward?: readonly Argument[];
  /** Makes the call on a clone of the first argument, which in-place methods may change. */
  in_place?: boolean;
  seed?: number;
  /** The device of the inputs. Default: cpu. */
  device?: string;
  /** Makes the call under autocast. The backward pass runs outside. */
  autocast?: { readonly device: string; readonly dtype: 'bfloat16' | 'float16' };
  backward?: 'none' | 'once' | 'twice';
  /** Compares only what is printed: `repr` with `String` and `util.inspect`. */
  show?: boolean;
  /**
   * Whether an argument has a type that the parameter does not accept. JavaScript may then refuse it, even if Python
   * does not.
   */
  isMistyped?: boolean;
  /** Whether the call's warning is shown once for the process, because it is reported for a fixed line. */
  warnsOnce?: boolean;
  /** Whether the callee is Python code with its own TypeErrors, whose messages are then compared. */
  wordsTypeErrors?: boolean;
}

/** A program: Python's source, and the names or expressions to compare. */
export interface Sample {
  source: string;
  outputs: readonly string[];
  seed?: number;
}

/**
 * Returns the gradient for a result that is not a scalar. oracle.py makes the same one. Every dtype can represent its
 * values exactly.
 */
function upstream(tensor: Tensor): Tensor {
  const { dtype, device, shape } = tensor;
  const values = new Float64Array(tensor.numel()).map((_, i) => (((7 * i + 3) % 17) - 8) / 8);
  return torch.tensor(values, { shape }).to({ dtype, device });
}

function build(input: Input, device: string): Tensor {
  const { code } = dtypes.get(input.dtype)!;
  let tensor = wrap(native.tensor_from_bytes(input.bytes, code, input.base));
  if (device !== 'cpu') tensor = tensor.to(device);
  if (input.layout === 'transposed') tensor = tensor.transpose(-1, -2);
  if (input.layout === 'strided') tensor = tensor.index('...', torch.slice(null, null, 2));
  if (input.layout === 'expanded') tensor = tensor.expand([...input.shape]);
  return input.requires_grad ? tensor.requires_grad_() : tensor;
}

/** The raw results of a run, before they are converted for the comparison. */
export interface Raw {
  result?: unknown;
  grads?: (Tensor | null)[];
  seconds?: (Tensor | null)[];
  stage: string;
  error: Error | null;
}

type AnyFunction = (...args: unknown[]) => unknown;
const ROOTS: Record<string, unknown> = { torch, nn: torch.nn, F: torch.nn.functional };

/** Calls `f` from a source line of its own, because Python shows a warning once per calling line. */
let lines = 0;
function callFromNewLine(f: AnyFunction, args: unknown[], keyword: '' | 'new' = ''): unknown {
  const source = `return ${keyword} f(...args)\n//# sourceURL=parity-${lines++}.js`;
  return (new Function('f', 'args', source) as (f: AnyFunction, args: unknown[]) => unknown)(
    f,
    args,
  );
}

/** Runs a call in JavaScript, with the steps of `run_call` in oracle.py. */
export function runCall(call: Call): Raw {
  const raw: Raw = { stage: 'call', error: null };
  try {
    const built = new Map<Input, Tensor>();
    for (const input of inputsOf(call)) built.set(input, build(input, call.device ?? 'cpu'));
    const decode = (argument: Argument): unknown => {
      if (argument instanceof Input) return built.get(argument);
      if (argument instanceof PerLanguage) return argument.javascript;
      return Array.isArray(argument) ? argument.map(decode) : argument;
    };
    const args = (call.args ?? []).map(decode);
    const options = decodeOptions(call.kwargs ?? {}, decode);
    if (call.in_place) args[0] = (args[0] as Tensor).clone();
    if (call.seed !== undefined) torch.manual_seed(call.seed);
    raw.result = inAutocast(call, () => invoke(call, args, options, decode)) ?? null;

    if (call.show) {
      raw.result = [String(raw.result), inspect(raw.result)];
      return raw;
    }
    const leaves = [...built.values()].filter((tensor) => tensor.requires_grad);
    const root = tensorsOf(raw.result).find((tensor) => tensor.requires_grad);
    if (call.backward === 'none' || !leaves.length || !root) return raw;
    raw.stage = 'backward';
    if (call.backward === 'twice') differentiateTwice(raw, root, leaves);
    else {
      if (root.numel() === 1) root.backward();
      else root.backward({ gradient: upstream(root) });
      raw.grads = leaves.map((leaf) => leaf.grad);
    }
  } catch (error) {
    raw.error = error as Error;
  }
  return raw;
}

function inAutocast({ autocast }: Call, run: () => unknown): unknown {
  if (!autocast) return run();
  return torch.autocast(autocast.device, { dtype: dtypes.get(autocast.dtype)! }, run);
}

function differentiateTwice(raw: Raw, root: Tensor, leaves: Tensor[]): void {
  raw.grads = torch.autograd.grad(root, leaves, {
    grad_outputs: upstream(root),
    create_graph: true,
    allow_unused: true,
  }) as (Tensor | null)[];
  raw.stage = 'second backward';
  const again = raw.grads.filter((grad): grad is Tensor => grad?.requires_grad === true);
  if (!again.length) return;
  const grad_outputs = again.map(upstream);
  raw.seconds = torch.autograd.grad(again, leaves, { grad_outputs, allow_unused: true });
}

function decodeOptions(
  kwargs: Options,
  decode: (argument: Argument) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, decode(value)]));
}

function invoke(
  call: Call,
  args: unknown[],
  options: Record<string, unknown>,
  decode: (argument: Argument) => unknown,
): unknown {
  const all = Object.keys(options).length ? [...args, options] : args;
  const [root, ...path] = call.callee.split('.') as [string, ...string[]];
  if (root === 'Tensor') {
    const [self, ...rest] = all as [Record<string, AnyFunction>, ...unknown[]];
    const member: unknown = self[path[0]!];
    if (member === undefined) throw new Error(`a tensor has no ${path[0]}`);
    return typeof member === 'function' ? callFromNewLine(member.bind(self), rest) : member;
  }
  const callee = path.reduce<unknown>(
    (object, name) => (object as Record<string, unknown>)[name],
    ROOTS[root],
  ) as AnyFunction;
  if (!call.forward) return callFromNewLine(callee, all);
  const module = callFromNewLine(callee, all, 'new') as Module;
  if (call.device && call.device !== 'cpu') module.to(call.device);
  Object.assign(module, decodeOptions(call.set ?? {}, decode));
  return callFromNewLine(module as unknown as AnyFunction, call.forward.map(decode));
}

function tensorsOf(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  const iterable = typeof value === 'object' && value !== null && Symbol.iterator in value;
  return iterable ? [...(value as Iterable<unknown>)].flatMap(tensorsOf) : [];
}

/** Returns the distinct tensor inputs of a call, in order. */
export function inputsOf(call: Call): Input[] {
  const found = new Set<Input>();
  const visit = (argument: Argument): void => {
    if (argument instanceof Input) found.add(argument);
    else if (Array.isArray(argument)) argument.forEach(visit);
  };
  call.args?.forEach(visit);
  Object.values(call.kwargs ?? {}).forEach(visit);
  Object.values(call.set ?? {}).forEach(visit);
  call.forward?.forEach(visit);
  return [...found];
}

/** Returns the call as readable source, for messages. */
export function describeCall(call: Call): string {
  const show = (argument: Argument): string => {
    if (argument instanceof Input) return String(argument);
    if (argument instanceof PerLanguage) return argument.python;
    return Array.isArray(argument)
      ? `[${argument.map(show).join(', ')}]`
      : JSON.stringify(argument);
  };
  const pairs = (options: Options): string[] =>
    Object.entries(options).map(([key, value]) => `${key}=${show(value)}`);
  const args = [...(call.args ?? []).map(show), ...pairs(call.kwargs ?? {})].join(', ');
  const attributes = pairs(call.set ?? {}).map((pair) => `; .${pair}`);
  const forward = call.forward ? `(${call.forward.map(show).join(', ')})` : '';
  const backward = call.backward && call.backward !== 'once' ? ` backward ${call.backward}` : '';
  const seed = call.seed === undefined ? '' : ` seed ${call.seed}`;
  return `${call.python ?? call.callee}(${args})${attributes.join('')}${forward}${backward}${seed}`;
}
