/** nn.Module: callable instances, registration, traversal, state, conversion, printing. */
import { inspect } from 'node:util';
import { expect } from 'chai';
import torch, { nn, type Tensor, TorchError } from 'torch-losses';

/** Returns the error that a call throws. */
function thrown(call: () => unknown): Error & { pythonType?: string } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  return expect.fail('nothing was thrown');
}

class Scaled extends nn.Module<[input: Tensor], Tensor> {
  override name = 'a field that functions have';
  override length = 7;
  scale = new nn.Parameter(torch.tensor([1, 2], { dtype: torch.float32 }));
  readonly #offset = 1;

  override forward(input: Tensor): Tensor {
    return input.mul(this.scale).add(this.#offset);
  }
}

class Network extends nn.Module {
  first = new Scaled();
  second = new Scaled();
  factor: number;

  constructor(factor = 2) {
    super();
    this.factor = factor;
    this.register_buffer('mean', torch.zeros(2));
    this.register_buffer('seen', torch.zeros(1), { persistent: false });
    this.register_parameter('bias', null);
  }

  override forward(input: Tensor): Tensor {
    return this.second(this.first(input)).mul(this.factor);
  }
}

const names = (pairs: Iterable<[string, unknown]>): string[] => [...pairs].map(([name]) => name);

describe('nn.Module', () => {
  describe('an instance', () => {
    it('is a function that calls forward', () => {
      const module = new Scaled();
      const input = torch.ones(2);
      expect(typeof module).to.equal('function');
      expect(module(input).tolist()).to.deep.equal([2, 3]);
      expect(module.forward(input).tolist()).to.deep.equal([2, 3]);
      expect(module.call(null, input).tolist()).to.deep.equal([2, 3]);
      expect(module.bind(null)(input).tolist()).to.deep.equal([2, 3]);
    });

    it('is of its class, and has the fields and private members of it', () => {
      const module = new Scaled();
      expect(module).to.be.instanceOf(Scaled);
      expect(module).to.be.instanceOf(nn.Module);
      expect(module.name).to.equal('a field that functions have');
      expect(module.length).to.equal(7);
      expect(Object.keys(module)).to.deep.equal(['training', 'name', 'length', 'scale']);
    });

    it('follows a forward that is replaced', () => {
      const module = new Scaled();
      module.forward = (input) => input.neg();
      expect(module(torch.ones(1)).item()).to.equal(-1);
    });

    it('works for a class in plain JavaScript, without types', () => {
      const Plain = new Function(
        'Module',
        'return class Plain extends Module { forward(a, b) { return [a, b, this.training]; } };',
      )(nn.Module) as new () => nn.Module;
      expect(new Plain()(1, 2)).to.deep.equal([1, 2, true]);
    });

    it('without forward says so, as Python does', () => {
      const error = thrown(() => new nn.Module()(1));
      expect(error).to.be.instanceOf(TorchError);
      expect(error.pythonType).to.equal('NotImplementedError');
      expect(error.message).to.equal('Module [Module] is missing the required "forward" function');
    });

    it('refuses arguments that its class does not take', () => {
      const Sigmoid = nn.Sigmoid as unknown as new (...args: unknown[]) => nn.Module;
      expect(() => new Sigmoid({ inplace: true })).to.throw(TypeError, 'Sigmoid(): takes no arg');
    });

    it('apply is torch’s, not Function’s', () => {
      const seen: string[] = [];
      const network = new Network();
      expect(network.apply((module) => seen.push(module.constructor.name))).to.equal(network);
      expect(seen).to.deep.equal(['Scaled', 'Scaled', 'Network']);
    });
  });

  describe('registration', () => {
    it('is by assignment, in order, and follows reassignment and deletion', () => {
      const network = new Network();
      expect(names(network.named_parameters())).to.deep.equal(['first.scale', 'second.scale']);
      const added = network as unknown as Record<string, unknown>;
      added.extra = new nn.Parameter(torch.zeros(3));
      added.bias = new nn.Parameter(torch.zeros(1));
      expect(names(network.named_parameters({ recurse: false }))).to.deep.equal(['bias', 'extra']);
      added.bias = null;
      delete added.extra;
      expect(names(network.named_parameters({ recurse: false }))).to.deep.equal([]);
      network.second = network.first;
      expect(names(network.named_parameters())).to.deep.equal(['first.scale']);
      expect(names(network.named_parameters('', true, false))).to.deep.equal([
        'first.scale',
        'second.scale',
      ]);
    });

    it('lists buffers by name, whatever tensor they hold', () => {
      const network = new Network() as Network & { mean: Tensor };
      expect(names(network.named_buffers())).to.deep.equal(['mean', 'seen']);
      network.mean = torch.ones(2);
      expect([...network.buffers()][0]).to.equal(network.mean);
      expect(network.get_buffer('mean')).to.equal(network.mean);
    });

    it('refuses another type where a parameter, buffer or module is', () => {
      const network = new Network() as unknown as nn.Module & Record<string, unknown>;
      expect([...network.parameters()]).to.have.length.above(0);
      const first = network.first as Record<string, unknown>;
      expect(() => {
        first.scale = torch.zeros(2);
      }).to.throw(
        TypeError,
        "cannot assign 'torch.FloatTensor' as parameter 'scale' (torch.nn.Parameter or None expected)",
      );
      expect(() => {
        network.mean = 'zero';
      }).to.throw(
        TypeError,
        "cannot assign 'str' as buffer 'mean' (torch.nn.Buffer, torch.Tensor or None expected)",
      );
      expect(() => {
        network.second = torch.zeros(1, { dtype: torch.int64 });
      }).to.throw(
        TypeError,
        "cannot assign 'torch.LongTensor' as child module 'second' (torch.nn.Module or None expected)",
      );
      expect(network.mean, 'what was there stays').to.be.instanceOf(torch.Tensor);
    });

    it('refuses what Python refuses, with its texts', () => {
      const module = new Network();
      const parameter = new nn.Parameter(torch.ones(1));
      const cases: [() => unknown, string, string][] = [
        [
          () => module.register_buffer('forward', null),
          'KeyError',
          "attribute 'forward' already exists",
        ],
        [
          () => module.register_parameter('a.b', null),
          'KeyError',
          'parameter name can\'t contain "."',
        ],
        [
          () => module.register_module('', null),
          'KeyError',
          'module name can\'t be empty string ""',
        ],
        [
          () => module.add_module('a.b', null),
          'KeyError',
          'module name can\'t contain ".", got: a.b',
        ],
        [
          () => module.register_module('x', parameter as never),
          'TypeError',
          'torch.FloatTensor is not a Module subclass',
        ],
        [
          () => module.register_parameter('x', torch.ones(1) as never),
          'TypeError',
          "cannot assign 'torch.FloatTensor' object to parameter 'x' (torch.nn.Parameter or None required)",
        ],
        [
          () => module.register_buffer('x', 3 as never),
          'TypeError',
          "cannot assign 'int' object to buffer 'x' (torch Tensor or None required)",
        ],
      ];
      for (const [call, type, message] of cases) {
        const error = thrown(call);
        expect([error.pythonType, error.message]).to.deep.equal([type, message]);
      }
    });
  });

  describe('traversal', () => {
    it('names modules by their paths', () => {
      const outer = new nn.Sequential(new Network(), new nn.ReLU());
      expect(names(outer.named_modules())).to.deep.equal(['', '0', '0.first', '0.second', '1']);
      expect(names(outer.named_modules('net'))).to.deep.equal([
        'net',
        'net.0',
        'net.0.first',
        'net.0.second',
        'net.1',
      ]);
      expect(names(outer.named_children())).to.deep.equal(['0', '1']);
      expect([...outer.modules()]).to.have.length(5);
      expect([...outer.children()]).to.have.length(2);
      expect(names(outer.named_parameters({ prefix: 'p' }))).to.deep.equal([
        'p.0.first.scale',
        'p.0.second.scale',
      ]);
    });

    it('finds by path, or says what is missing', () => {
      const outer = new nn.Sequential(new Network());
      const inner = outer.get_submodule('0.first') as Scaled;
      expect(inner).to.be.instanceOf(Scaled);
      expect(outer.get_submodule('')).to.equal(outer);
      expect(outer.get_parameter('0.first.scale')).to.equal(inner.scale);
      expect(() => outer.get_submodule('0.third')).to.throw(
        TypeError,
        'Network has no attribute `third`',
      );
      expect(() => outer.get_submodule('0.factor')).to.throw(
        TypeError,
        '`factor` is not an nn.Module',
      );
      expect(() => outer.get_parameter('0.mean')).to.throw(
        TypeError,
        '`mean` is not an nn.Parameter',
      );
      expect(() => outer.get_buffer('0.first.scale')).to.throw(
        TypeError,
        '`scale` is not a buffer',
      );
    });

    it('refuses options of another type or name', () => {
      const module = new nn.Module();
      expect(() => module.parameters('yes' as never)).to.throw(
        TypeError,
        "argument 'recurse' must be a boolean",
      );
      expect(() => module.apply(null as never)).to.throw(TypeError, "'fn' must be a function");
      expect(() => module.get_submodule(0 as never)).to.throw(
        TypeError,
        "'target' must be a string",
      );
      expect(() => module.named_modules({ remove_duplicates: true } as never)).to.throw(
        TypeError,
        "did you mean 'remove_duplicate'?",
      );
    });
  });

  describe('state', () => {
    it('is a Map of detached tensors that share their elements', () => {
      const network = new Network();
      const state = network.state_dict();
      expect([...state.keys()]).to.deep.equal(['mean', 'first.scale', 'second.scale']);
      const scale = state.get('first.scale')!;
      expect(scale.requires_grad).to.equal(false);
      scale.fill_(5);
      expect(network.first.scale.tolist()).to.deep.equal([5, 5]);
      expect(network.state_dict({ keep_vars: true }).get('first.scale')).to.equal(
        network.first.scale,
      );
      expect([...network.state_dict({ prefix: 'n.' }).keys()][1]).to.equal('n.first.scale');
    });

    it('loads from a Map or a plain object, by copying', () => {
      const [from, into] = [new Network(), new Network()];
      from.state_dict().get('second.scale')!.fill_(9);
      const kept = into.second.scale;
      const keys = into.load_state_dict(from.state_dict());
      expect(String(keys)).to.equal('<All keys matched successfully>');
      expect(kept.tolist()).to.deep.equal([9, 9]);
      into.load_state_dict({ mean: torch.ones(2) }, { strict: false });
      expect(into.get_buffer('mean').tolist()).to.deep.equal([1, 1]);
    });

    it('lists missing and unexpected names, shapes and types that do not fit', () => {
      const state = new Network().state_dict() as Map<string, unknown>;
      state.delete('mean');
      state.set('first.scale', torch.zeros(2, 3));
      state.set('second.scale', 3);
      state.set('third', torch.zeros(1));
      const error = thrown(() => new Network().load_state_dict(state as Map<string, Tensor>));
      expect(error.pythonType).to.equal('RuntimeError');
      expect(error.message.split('\n\t')).to.deep.equal([
        'Error(s) in loading state_dict for Network:',
        'Missing key(s) in state_dict: "mean". ',
        'Unexpected key(s) in state_dict: "third". ',
        'size mismatch for first.scale: copying a param with shape torch.Size([2, 3]) from checkpoint, ' +
          'the shape in current model is torch.Size([2]).',
        'While copying the parameter named "second.scale", expected torch.Tensor or Tensor-like object from ' +
          'checkpoint but received the number 3',
      ]);
      const { missing_keys, unexpected_keys } = new Network().load_state_dict(
        { third: torch.zeros(1) },
        { strict: false },
      );
      expect(missing_keys).to.deep.equal(['mean', 'first.scale', 'second.scale']);
      expect(unexpected_keys).to.deep.equal(['third']);
      expect(() => new Network().load_state_dict(3 as never)).to.throw(TypeError, 'dict-like');
    });

    it('assigns instead of copying where that is asked for', () => {
      const network = new Network();
      const given = torch.full([2], 3.5);
      network.load_state_dict({ 'first.scale': given }, { strict: false, assign: true });
      expect(network.first.scale).to.be.instanceOf(nn.Parameter);
      expect(network.first.scale.data_ptr()).to.equal(given.data_ptr());
    });
  });

  describe('conversion and training', () => {
    it('converts floating point tensors, and parameters stay the same objects', () => {
      const network = new Network();
      network.register_buffer('count', torch.zeros(1, { dtype: torch.int64 }));
      const { scale } = network.first;
      network(torch.ones(2)).sum().backward();
      const gradient = scale.grad!;
      expect(network.double()).to.equal(network);
      expect(network.first.scale).to.equal(scale);
      expect(scale.dtype).to.equal(torch.float64);
      expect(scale.grad).to.equal(gradient);
      expect(gradient.dtype).to.equal(torch.float64);
      expect(network.get_buffer('mean').dtype).to.equal(torch.float64);
      expect(network.get_buffer('count').dtype).to.equal(torch.int64);
      expect(network.to(torch.bfloat16).first.scale.dtype).to.equal(torch.bfloat16);
      expect(network.to({ dtype: torch.float32 }).first.scale.dtype).to.equal(torch.float32);
      expect(network.to('cpu', torch.half).first.scale.dtype).to.equal(torch.float16);
      expect(network.to(torch.ones(1)).first.scale.dtype).to.equal(torch.float32);
      expect(network.type(torch.float64).get_buffer('count').dtype).to.equal(torch.float64);
      expect(network.cpu().first.scale).to.equal(scale);
    });

    it('refuses dtypes and devices that cannot be', () => {
      const network = new Network();
      expect(() => network.to(torch.int64)).to.throw(
        TypeError,
        'nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=torch.int64',
      );
      expect(() => network.to(1.5)).to.throw(TypeError, "argument 'device'");
    });

    it('moves to the meta device by new parameters', () => {
      const network = new Network();
      const { scale } = network.first;
      network.to('meta');
      expect(network.first.scale).not.to.equal(scale);
      expect(network.first.scale.device.type).to.equal('meta');
      expect(network.to_empty({ device: 'cpu' }).first.scale.device.type).to.equal('cpu');
    });

    it('trains and evaluates, all the way down', () => {
      const network = new Network();
      expect(network.eval().first.training).to.equal(false);
      expect(network.train().second.training).to.equal(true);
      expect(() => network.train(1 as never)).to.throw(
        RangeError,
        'training mode is expected to be boolean',
      );
    });

    it('forgets gradients and freezes parameters', () => {
      const network = new Network();
      network(torch.ones(2)).sum().backward();
      const { scale } = network.first;
      network.zero_grad({ set_to_none: false });
      expect(scale.grad!.tolist()).to.deep.equal([0, 0]);
      network.zero_grad();
      expect(scale.grad).to.equal(null);
      expect(network.requires_grad_(false)).to.equal(network);
      expect(scale.requires_grad).to.equal(false);
    });
  });

  describe('printing', () => {
    it('is Python’s repr, nested', () => {
      class Described extends nn.Module {
        inner = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU({ inplace: true }));
        override extra_repr(): string {
          return 'a=1\nb=2';
        }
      }
      const module = new Described();
      module.register_module('missing', null);
      const text = [
        'Described(',
        '  a=1',
        '  b=2',
        '  (inner): Sequential(',
        '    (0): Linear(in_features=2, out_features=3, bias=True)',
        '    (1): ReLU(inplace=True)',
        '  )',
        '  (missing): None',
        ')',
      ].join('\n');
      expect(String(module)).to.equal(text);
      expect(inspect(module)).to.equal(text);
      expect(String(new nn.Module())).to.equal('Module()');
    });
  });
});

describe('nn.Parameter', () => {
  it('shares the elements, and is a leaf that prints as one', () => {
    const data = torch.ones(2);
    const parameter = new nn.Parameter(data);
    expect(parameter.requires_grad && parameter.is_leaf).to.equal(true);
    expect(parameter.data_ptr()).to.equal(data.data_ptr());
    expect(String(parameter)).to.equal(
      'Parameter containing:\ntensor([1., 1.], requires_grad=True)',
    );
    expect(inspect(parameter)).to.equal(String(parameter));
    expect(new nn.Parameter(data, false).requires_grad).to.equal(false);
    expect(new nn.Parameter(data, { requires_grad: false }).requires_grad).to.equal(false);
  });

  it('stays itself through in-place methods and as a gradient’s owner', () => {
    const parameter = new nn.Parameter(torch.ones(2));
    torch.no_grad(() => expect(parameter.mul_(2)).to.equal(parameter));
    parameter.sum().backward();
    expect(parameter.grad).to.equal(parameter.grad);
  });

  it('refuses anything but a tensor', () => {
    expect(new nn.Parameter().numel()).to.equal(0);
    expect(() => new nn.Parameter([1, 2] as never)).to.throw(
      TypeError,
      "argument 'data' must be a Tensor",
    );
    expect(() => new nn.Parameter(torch.ones(1), 'no' as never)).to.throw(
      TypeError,
      'requires_grad',
    );
    expect(() => new nn.Parameter(torch.ones(1, { dtype: torch.int64 }))).to.throw(
      TorchError,
      'Only Tensors of floating point and complex dtype can require gradients',
    );
  });
});
