/**
 * A call described as data, so that Python and we run the very same program.
 */
import { inspect } from 'node:util';
import { native } from '../../bindings/native';
import { wrap } from '../../bindings/wrap';
import type { Module } from '../../nn/modules/module';
import { dtypes } from '../../tensor/dtype_table';
import { Tensor } from '../../tensor/tensor';
import * as torch from '../../torch';
import { Input } from './inputs';

/** An argument that each language writes in its own way: a float, a dtype, a function, a slice … */
export class Both {
  constructor(
    readonly python: string,
    readonly javascript: unknown,
  ) {}
}

export type Argument = Input | Both | number | boolean | string | null | readonly Argument[];
export type Options = Readonly<Record<string, Argument>>;

/** A Python float that a `float` parameter takes: any JavaScript number. */
export const float = (value: number): Both =>
  new Both(Number.isFinite(value) ? pythonFloat(value) : `float('${value}')`, value);
/** A Python float where the parameter is a `Scalar`. */
export const scalar = (value: number): Both =>
  new Both(float(value).python, Number.isInteger(value) ? torch.asFloat(value) : value);
export const dtype = (name: string): Both =>
  new Both(`torch.${name}`, (torch as unknown as Record<string, unknown>)[name]);

function pythonFloat(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  return Number.isInteger(value) && !/e/.test(String(value)) ? `${value}.0` : String(value);
}

export interface Call {
  /** Dotted name in both languages: `F.mse_loss`, `nn.MSELoss`, `torch.cat`, `Tensor.add_`. */
  callee: string;
  /** Python's expression for the callee, where it is not the same name. */
  python?: string;
  args?: readonly Argument[];
  /** Python's keyword arguments, our trailing options object. */
  kwargs?: Options;
  /** For a class: attributes set on the new object, then the arguments it is called with. */
  set?: Options;
  forward?: readonly Argument[];
  /** Runs on a clone of the first argument, so that in-place methods may change it. */
  in_place?: boolean;
  seed?: number;
  /** Where the inputs lie. Default: cpu. */
  device?: string;
  /** Makes the call under autocast; the backward pass runs outside. */
  autocast?: { readonly device: string; readonly dtype: 'bfloat16' | 'float16' };
  backward?: 'none' | 'once' | 'twice';
  /** Compares what is printed instead: `repr` with `String` and `util.inspect`. */
  show?: boolean;
  /** An argument is of a type that its parameter has not: we may refuse it, whatever Python makes of it. */
  isMistyped?: boolean;
  /** What it warns of is reported for one line, whichever call it is: shown once. */
  warnsOnce?: boolean;
  /** The callee is Python code that words its own TypeErrors: their texts are compared too. */
  wordsTypeErrors?: boolean;
}

/** A program: Python's source, and the names or expressions to compare. */
export interface Sample {
  source: string;
  outputs: readonly string[];
  seed?: number;
}

/**
 * The gradient given to a result that is not a scalar; oracle.py makes the same one. Every value is exact in every
 * dtype.
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

/** What a run leaves behind: the raw results, before they are made comparable. */
export interface Raw {
  result?: unknown;
  grads?: (Tensor | null)[];
  seconds?: (Tensor | null)[];
  stage: string;
  error: Error | null;
}

type AnyFunction = (...args: unknown[]) => unknown;
const ROOTS: Record<string, unknown> = { torch, nn: torch.nn, F: torch.nn.functional };

/** Calls `f` from a source line of its own: Python's rule is one warning per calling line. */
let lines = 0;
function callFromNewLine(f: AnyFunction, args: unknown[], keyword: '' | 'new' = ''): unknown {
  const source = `return ${keyword} f(...args)\n//# sourceURL=parity-${lines++}.js`;
  return (new Function('f', 'args', source) as (f: AnyFunction, args: unknown[]) => unknown)(
    f,
    args,
  );
}

/** Runs a call in JavaScript, step by step as oracle.py's `run_call` does. */
export function runCall(call: Call): Raw {
  const raw: Raw = { stage: 'call', error: null };
  try {
    const built = new Map<Input, Tensor>();
    for (const input of inputsOf(call)) built.set(input, build(input, call.device ?? 'cpu'));
    const decode = (argument: Argument): unknown => {
      if (argument instanceof Input) return built.get(argument);
      if (argument instanceof Both) return argument.javascript;
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

/** The distinct tensor inputs of a call, in the order in which they appear. */
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

/** The call as a person would write it, for messages. */
export function describeCall(call: Call): string {
  const show = (argument: Argument): string => {
    if (argument instanceof Input) return String(argument);
    if (argument instanceof Both) return argument.python;
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
