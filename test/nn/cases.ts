/**
 * Runs modules and functions in both languages with the same arguments, and compares result, graph, gradients, state,
 * repr, warnings and errors, to the last bit. Python provides the arguments.
 */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import type { TensorValue } from '../../dist/testing/parity/outcome';
import { askPython, expectSample } from '../parity/parity';

/**
 * Python's side. `inputs(name, dtype, training)` returns the cases: the arguments of the constructor, or None for a
 * function, and those of the call, or None for none.
 */
const RUN = `
import inspect, json
from functools import partial
class Given:
    """Arguments of a call."""
    def __init__(self, *args, **kwargs): self.args, self.kwargs = args, kwargs
class Leaves:
    """Replaces tensors by leaves with the same elements, and describes values as JSON."""
    def __init__(self): self.found, self.tensors = {}, []
    def leaf(self, value):
        if isinstance(value, nn.Module):
            for p in value.parameters(): self.leaf(p)
            return value
        if isinstance(value, torch.Tensor):
            if id(value) not in self.found:
                leaf = value.detach().clone(memory_format=torch.contiguous_format)
                self.found[id(value)] = (len(self.tensors), value)
                self.tensors.append(leaf.requires_grad_(value.requires_grad))
            return self.tensors[self.found[id(value)][0]]
        if isinstance(value, (list, tuple)): return type(value)(self.leaf(v) for v in value)
        return {k: self.leaf(v) for k, v in value.items()} if isinstance(value, dict) else value
    def describe(self, value):
        if isinstance(value, torch.Tensor): return {'tensor': self.found[id(value)][0]}
        if isinstance(value, nn.Module):
            return {'module': type(value).__name__, 'args': self.describe(arguments_of(value)),
                    'parameters': [self.describe(p) for p in value.parameters()]}
        if isinstance(value, float): return {'float': repr(value)}
        if isinstance(value, torch.dtype): return {'dtype': str(value)[6:]}
        if callable(value): return {'function': value.__name__}
        if isinstance(value, (list, tuple)): return [self.describe(v) for v in value]
        return {'options': {k: self.describe(v) for k, v in value.items()}} if isinstance(value, dict) else value
def arguments_of(layer):
    """Returns the arguments of a TransformerEncoderLayer, the only module that is an argument."""
    attention = layer.self_attn
    activation = ['', 'relu', 'gelu'][layer.activation_relu_or_gelu]
    return [attention.embed_dim, attention.num_heads, layer.linear1.out_features, layer.dropout.p, activation,
            layer.norm1.eps, attention.batch_first, layer.norm_first, layer.linear1.bias is not None, None,
            layer.linear1.weight.dtype]
def positional(module_class, given):
    """Returns arguments and keywords. Required parameters are arguments."""
    args, kwargs = list(given.args), dict(given.kwargs)
    for p in list(inspect.signature(module_class.forward).parameters.values())[1 + len(args):]:
        if p.name not in kwargs or p.default is not p.empty: break
        args.append(kwargs.pop(p.name))
    return args, kwargs
def with_floats(module_class, given):
    """Returns arguments and keywords. An integer for a parameter that is a float becomes one, as in JavaScript."""
    parameters = list(inspect.signature(module_class.__init__).parameters.values())[1:]
    floats = {p.name for p in parameters if 'float' in str(p.annotation)}
    real = lambda name, value: float(value) if name in floats and type(value) is int else value
    names = [p.name for p in parameters] + [''] * len(given.args)
    return ([real(n, v) for n, v in zip(names, given.args)], {n: real(n, v) for n, v in given.kwargs.items()})
def case(name, dtype, training, index):
    torch.manual_seed(0)
    (made, called), leaves, callee = inputs(name, dtype, training)[index], Leaves(), eval(name)
    if made: made = with_floats(callee, made)
    if called: called = positional(callee, called) if made else (list(called.args), dict(called.kwargs))
    for value in made, called: leaves.leaf(value)
    return callee, made, called, leaves
def tensors_in(value):
    if isinstance(value, torch.Tensor): return [value]
    return [t for v in value for t in tensors_in(v)] if isinstance(value, (list, tuple)) else []
def upstream(t):
    return (((7 * torch.arange(t.numel()) + 3) % 17 - 8) / 8).to(t.dtype).reshape(t.shape)
def run(name, dtype, training, index):
    callee, made, called, leaves = case(name, dtype, training, index)
    torch.manual_seed(1)
    m, text = None, None
    if made:
        args, kwargs = leaves.leaf(made)
        m = callee(*args, **kwargs).train(training)
        text = repr(m)
    if called is None: return [text]
    args, kwargs = leaves.leaf(called)
    out = (m or callee)(*args, **kwargs)
    roots = [t for t in tensors_in(out) if t.requires_grad]
    if roots: torch.autograd.backward([(t * upstream(t)).sum() for t in roots])
    state = m.state_dict() if m is not None else {}
    return [text, out, [t.grad for t in leaves.tensors], list(state), list(state.values()),
            [p.grad for p in m.parameters()] if m is not None else []]
def listed(name, dtype, training):
    def one(index):
        _, made, called, leaves = case(name, dtype, training, index)
        return [json.dumps(leaves.describe([made and list(made), called and list(called)])), leaves.tensors]
    torch.manual_seed(0)
    return [one(index) for index in range(len(inputs(name, dtype, training)))]
`;

/** A value as `describe` returns it in Python. */
type Described =
  | null
  | boolean
  | number
  | string
  | readonly Described[]
  | { tensor: number }
  | { float: string }
  | { dtype: string }
  | { function: string }
  | { module: string; args: readonly Described[]; parameters: readonly Described[] }
  | { options: Record<string, Described> };

const floatOf = (text: string): number =>
  text.endsWith('inf') ? Number(text.replace('inf', 'Infinity')) : Number(text);

function built(value: Described, tensors: readonly Tensor[]): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((element) => built(element, tensors));
  if ('tensor' in value) return tensors[value.tensor];
  if ('float' in value) return floatOf(value.float);
  if ('dtype' in value) return (torch as unknown as Record<string, unknown>)[value.dtype];
  if ('function' in value) {
    return (nn.functional as unknown as Record<string, unknown>)[value.function];
  }
  if ('module' in value) return builtModule(value, tensors);
  const { options } = value as { options: Record<string, Described> };
  return Object.fromEntries(
    Object.entries(options).map(([name, each]) => [name, built(each, tensors)]),
  );
}

function builtModule(
  { module, args, parameters }: Extract<Described, { module: string }>,
  tensors: readonly Tensor[],
): nn.Module {
  const made = new (nn as unknown as Record<string, Constructor>)[module]!(
    ...args.map((arg) => built(arg, tensors)),
  );
  torch.no_grad(() => {
    for (const [index, parameter] of [...made.parameters()].entries()) {
      parameter.copy_(built(parameters[index]!, tensors) as Tensor);
    }
  });
  return made;
}

function leafOf({ dtype, shape, bytes, requires_grad }: TensorValue): Tensor {
  const type = (torch as unknown as Record<string, torch.DType>)[dtype.replace('torch.', '')]!;
  const leaf =
    bytes.length === 0
      ? torch.empty([...shape], { dtype: type })
      : torch
          .frombuffer(Uint8Array.from(bytes), { dtype: type })
          .view([...shape])
          .clone();
  return requires_grad ? leaf.requires_grad_() : leaf;
}

function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof torch.Tensor) return [value];
  const isList = typeof value === 'object' && value !== null && Symbol.iterator in value;
  return isList ? [...(value as Iterable<unknown>)].flatMap(tensorsIn) : [];
}

function upstream(root: Tensor): Tensor {
  const values = Float64Array.from(
    { length: root.numel() },
    (_, i) => (((7 * i + 3) % 17) - 8) / 8,
  );
  return torch.tensor(values, { shape: root.shape }).to(root.dtype);
}

type Arguments = readonly [args: unknown[], options: Record<string, unknown>];
const flat = ([args, options]: Arguments): unknown[] =>
  Object.keys(options).length > 0 ? [...args, options] : args;

/** Makes the module, unless the case is of a function, and calls it, or its `forwardAsync`. */
async function run(
  callee: Callable,
  training: boolean,
  json: string,
  leaves: readonly Tensor[],
  isAsync = false,
): Promise<unknown[]> {
  const [made, called] = built(JSON.parse(json) as Described, leaves) as (Arguments | null)[];
  torch.manual_seed(1);
  const m = made && new (callee as unknown as Constructor)(...flat(made));
  m?.train(training);
  const text = m && String(m);
  if (!called) return [text];
  const args = flat(called);
  const out: unknown = isAsync ? await m!.forwardAsync(...args) : (m ?? callee)(...args);
  const roots = tensorsIn(out).filter((tensor) => tensor.requires_grad);
  if (roots.length > 0) {
    torch.autograd.backward(roots.map((root) => root.mul(upstream(root)).sum()));
  }
  const state = m ? m.state_dict() : new Map<string, Tensor>();
  return [
    text,
    out,
    leaves.map(({ grad }) => grad),
    [...state.keys()],
    [...state.values()],
    m ? [...m.parameters()].map(({ grad }) => grad) : [],
  ];
}

type Callable = (...args: unknown[]) => unknown;
type Constructor = new (...args: unknown[]) => nn.Module;
const SHOWN = 4;
const python = (value: boolean): string => (value ? 'True' : 'False');

/**
 * Compares all cases of a module, with its `forwardAsync`, or of a function, in training and evaluation, in float32 and
 * float64.
 *
 * @param name - `nn.Conv2d` or `F.conv2d`
 * @param inputs - Python source that defines `inputs`, see {@link RUN}
 * @param untyped - matches cases, as JSON, with an argument of a wrong type that one language takes and the other does
 *   not: `3.0` is an integer in JavaScript, and any value is true or false in Python. They are left out
 * @returns the number of cases
 */
export async function compareCases(
  name: string,
  inputs: string,
  untyped?: RegExp,
): Promise<number> {
  const [space, member] = name.split('.') as ['nn' | 'F', string];
  const owner = space === 'nn' ? nn : nn.functional;
  const callee = (owner as unknown as Record<string, Callable>)[member]!;
  const source = `${RUN}${inputs}`;
  const failures: string[] = [];
  let count = 0;
  for (const dtype of [torch.float32, torch.float64]) {
    for (const training of space === 'nn' ? [true, false] : [true]) {
      const call = `'${name}', ${dtype}, ${python(training)}`;
      const [cases] = (await askPython(source, [`listed(${call})`])) as [[string, TensorValue[]][]];
      for (const [index, [json, tensors]] of cases.entries()) {
        if (untyped?.test(json)) continue;
        count++;
        const sample = { source, outputs: [`run(${call}, ${index})`] };
        const ports = (space === 'nn' ? [false, true] : [false]).map((isAsync) => async () => [
          await run(callee, training, json, tensors.map(leafOf), isAsync),
        ]);
        await expectSample(sample, ...ports).catch((error: Error) =>
          failures.push(`${call}: ${json}: ${error.message}`),
        );
      }
    }
  }
  expect(count, 'the number of cases').to.be.above(0);
  const shown = failures.slice(0, SHOWN).join('\n');
  if (failures.length > 0) expect.fail(`${failures.length} of ${count} cases differ:\n${shown}`);
  return count;
}

/** Compares cases that are written as Python, such as `G(4, 6, 3), G(x(2, 4, 8))`: see {@link compareCases}. */
export function compareRows(name: string, rows: readonly string[]): Promise<number> {
  return compareCases(
    name,
    `
G = Given
def inputs(name, dtype, training):
    x = lambda *shape: torch.randn(shape, dtype=dtype, requires_grad=True)
    i = lambda high, *shape: torch.randint(high, shape)
    return [${rows.map((row) => `(${row})`).join(',\n            ')}]
`,
  );
}
