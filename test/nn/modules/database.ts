/**
 * Compares modules with Python in all cases of PyTorch's own database of modules: result, graph, gradients, state and
 * repr, to the last bit.
 */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import type { TensorValue } from '../../../dist/testing/parity/outcome';
import { askPython, expectSample } from '../../parity/parity';

// The database needs none of the modules that stand in for others here, and some of them need packages that are missing.
const DATABASE = `
import inspect, json, sys
from unittest.mock import MagicMock
def database():
    names = ['torch.testing._internal.common_' + n for n in ('cuda', 'device_type', 'methods_invocations', 'nn', 'utils')]
    before = {name: sys.modules.get(name) for name in names}
    for name in names: sys.modules[name] = MagicMock(_TestParametrizer=object)
    from torch.testing._internal import common_modules
    for name, module in before.items():
        if module is None: del sys.modules[name]
        else: sys.modules[name] = module
    return {i.name: i for i in common_modules.module_db}
class Leaves:
    """Replaces tensors by leaves with the same elements, and describes values as JSON."""
    def __init__(self): self.found, self.tensors = {}, []
    def leaf(self, value):
        if isinstance(value, torch.nn.Module):
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
        if isinstance(value, torch.nn.Module):
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
def inputs_of(name, dtype, training, errors):
    torch.manual_seed(0)
    info = database()[name]
    make = info.module_error_inputs_func if errors else info.module_inputs_func
    found = make(info, device='cpu', dtype=dtype, requires_grad=True, training=training) if make else []
    return [i.module_error_input if errors else i for i in found]
def positional(module_class, given):
    """Returns arguments and keywords. Required parameters are arguments."""
    args, kwargs = list(given.args), dict(given.kwargs)
    for p in list(inspect.signature(module_class.forward).parameters.values())[1 + len(args):]:
        if p.name not in kwargs or p.default is not p.empty: break
        args.append(kwargs.pop(p.name))
    return args, kwargs
def case(name, dtype, training, errors, index):
    given, leaves = inputs_of(name, dtype, training, errors)[index], Leaves()
    module_class = database()[name].module_cls
    made = list(given.constructor_input.args), dict(given.constructor_input.kwargs)
    called = positional(module_class, given.forward_input) if given.forward_input else None
    for value in made, called: leaves.leaf(value)
    return module_class, made, called, leaves
def tensors_in(value):
    if isinstance(value, torch.Tensor): return [value]
    return [t for v in value for t in tensors_in(v)] if isinstance(value, (list, tuple)) else []
def upstream(t):
    return (((7 * torch.arange(t.numel()) + 3) % 17 - 8) / 8).to(t.dtype).reshape(t.shape)
def run(name, dtype, training, errors, index):
    module_class, made, called, leaves = case(name, dtype, training, errors, index)
    torch.manual_seed(1)
    args, kwargs = leaves.leaf(made)
    m = module_class(*args, **kwargs)
    m.train(training)
    text = repr(m)
    if called is None: return [text]
    args, kwargs = leaves.leaf(called)
    out = m(*args, **kwargs)
    roots = [t for t in tensors_in(out) if t.requires_grad]
    if roots: torch.autograd.backward([(t * upstream(t)).sum() for t in roots])
    return [text, out, [t.grad for t in leaves.tensors], list(m.state_dict()), list(m.state_dict().values()),
            [p.grad for p in m.parameters()]]
`;

const LIST = (name: string, dtype: torch.DType, training: boolean, errors: boolean) => `${DATABASE}
def listed(index):
    _, made, called, leaves = case('${name}', ${dtype}, ${python(training)}, ${python(errors)}, index)
    return [json.dumps(leaves.describe([list(made), called and list(called)])), leaves.tensors]
cases = [listed(i) for i in range(len(inputs_of('${name}', ${dtype}, ${python(training)}, ${python(errors)})))]`;

const python = (value: boolean): string => (value ? 'True' : 'False');

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

type Constructor = new (...args: unknown[]) => nn.Module;

function leafOf({ dtype, shape, bytes, requires_grad }: TensorValue): Tensor {
  const type = (torch as unknown as Record<string, torch.DType>)[dtype.replace('torch.', '')]!;
  const leaf =
    bytes.length === 0
      ? torch.empty([...shape], { dtype: type })
      : torch.frombuffer(Uint8Array.from(bytes), { dtype: type }).view([...shape]);
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

function run(
  Class: Constructor,
  training: boolean,
  json: string,
  leaves: readonly Tensor[],
): unknown[] {
  const [made, called] = built(JSON.parse(json) as Described, leaves) as [
    Arguments,
    Arguments | null,
  ];
  torch.manual_seed(1);
  const m = new Class(...flat(made));
  m.train(training);
  const text = String(m);
  if (!called) return [text];
  const out: unknown = m(...flat(called));
  const roots = tensorsIn(out).filter((tensor) => tensor.requires_grad);
  if (roots.length > 0) {
    torch.autograd.backward(roots.map((root) => root.mul(upstream(root)).sum()));
  }
  const state = m.state_dict();
  return [
    text,
    out,
    leaves.map(({ grad }) => grad),
    [...state.keys()],
    [...state.values()],
    [...m.parameters()].map(({ grad }) => grad),
  ];
}

/**
 * Defines a test for each module: all of its cases, in training and evaluation, in float32 and float64.
 *
 * @param untyped - matches calls, as JSON, with an argument of a wrong type that one language takes and the other does
 *   not: `3.0` is an integer in JavaScript, and any value is true or false in Python
 */
export function checkModules(names: readonly string[], untyped?: RegExp): void {
  for (const name of names) {
    it(name, async function () {
      this.timeout(300_000);
      const Class = (nn as unknown as Record<string, new () => nn.Module>)[name]!;
      const failures: string[] = [];
      let count = 0;
      for (const dtype of [torch.float32, torch.float64]) {
        for (const training of [true, false]) {
          for (const errors of [false, true]) {
            const source = LIST(`nn.${name}`, dtype, training, errors);
            const [cases] = (await askPython(source, ['cases'])) as [[string, TensorValue[]][]];
            for (const [index, [json, tensors]] of cases.entries()) {
              if (errors && untyped?.test(json)) continue;
              count++;
              const call = `run('nn.${name}', ${dtype}, ${python(training)}, ${python(errors)}, ${index})`;
              const sample = { source: `${DATABASE}\nresult = ${call}`, outputs: ['result'] };
              await expectSample(sample, () => [
                run(Class, training, json, tensors.map(leafOf)),
              ]).catch((error: Error) => failures.push(`${call}: ${json}: ${error.message}`));
            }
          }
        }
      }
      expect(count, 'the number of cases').to.be.above(0);
      expect(failures, `${failures.length} of ${count}`).to.deep.equal([]);
      this.test!.title += `: ${count} cases`;
    });
  }
}
