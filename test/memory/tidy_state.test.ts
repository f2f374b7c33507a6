/** The state of modules, optimizers and scalers must survive tidy. */
import { expect } from 'chai';
import torch, { nn, optim, type Tensor } from 'torch-losses';

const live = (): number => torch.memoryStats().tensors;

/** Trains for four steps, each inside `run`. Returns the weight. */
function trained(
  run: (step: () => number) => number,
  options: optim.SGDOptions,
  scaler?: torch.amp.GradScaler,
): unknown {
  torch.manual_seed(1);
  const model = new nn.Linear(3, 2);
  const criterion = new nn.MSELoss();
  const input = torch.randn(4, 3);
  const target = torch.randn(4, 2);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, ...options });
  for (let i = 0; i < 4; i++) {
    run(() => {
      const loss = criterion(model(input), target);
      optimizer.zero_grad();
      if (scaler) {
        scaler.scale(loss).backward();
        scaler.step(optimizer);
        scaler.update();
      } else {
        loss.backward();
        optimizer.step();
      }
      return loss.item();
    });
  }
  return model.weight.tolist();
}

/** Checks that training inside tidy gives the same result as outside. */
function expectSame(options: optim.SGDOptions, makeScaler?: () => torch.amp.GradScaler): void {
  const inside = trained((step) => torch.tidy(step), options, makeScaler?.());
  const outside = trained((step) => step(), options, makeScaler?.());
  expect(inside).to.deep.equal(outside);
}

describe('tidy and state', () => {
  for (const implementation of [{}, { foreach: true }, { fused: true }]) {
    it(`leaves the momentum of SGD ${JSON.stringify(implementation)}`, () => {
      expectSame({ momentum: 0.9, ...implementation });
      expectSame({ momentum: 0.9, nesterov: true, weight_decay: 0.01, ...implementation });
    });

    it(`leaves the scale of GradScaler with SGD ${JSON.stringify(implementation)}`, () => {
      const makeScaler = (): torch.amp.GradScaler =>
        new torch.amp.GradScaler('cpu', { init_scale: 4, growth_interval: 2 });
      expectSame({ momentum: 0.9, ...implementation }, makeScaler);
    });
  }

  it('leaves what a GradScaler found, from one tidy to the next', () => {
    const parameter = new nn.Parameter(torch.ones(2));
    const optimizer = new optim.SGD([parameter], { lr: 1 });
    const scaler = new torch.amp.GradScaler('cpu', { init_scale: 2 });
    torch.tidy(() => scaler.scale(parameter.mul(3).sum()).backward());
    torch.tidy(() => scaler.unscale_(optimizer));
    torch.tidy(() => {
      scaler.step(optimizer);
      scaler.update();
    });
    expect(parameter.tolist()).to.deep.equal([-2, -2]);
  });

  it('leaves a learning rate that is a tensor, and what load_state_dict made', () => {
    const parameter = new nn.Parameter(torch.ones(2));
    const optimizer = new optim.SGD([parameter], { lr: 1, momentum: 0.5 });
    const step = (): void => {
      optimizer.zero_grad();
      parameter.sum().backward();
      optimizer.step();
    };
    step();
    const saved = optimizer.state_dict();
    const buffer = (saved.state[0]!['momentum_buffer'] as Tensor).double();
    torch.tidy(() => {
      optimizer.load_state_dict({ ...saved, state: { 0: { momentum_buffer: buffer } } });
      optimizer.param_groups[0]!.lr = torch.tensor(0.5);
    });
    torch.tidy(step);
    torch.tidy(step);
    expect(parameter.tolist()).to.deep.equal([-1.625, -1.625]);
  });

  it('leaves the state of an optimizer of your own, wherever it keeps it', () => {
    class Averaging extends optim.Optimizer<{ lr: number }> {
      readonly averages: { first?: Tensor }[] = [];
      readonly last = new Map<Tensor, Tensor>();

      // As in Python, a subclass may override the whole step.
      override step(): undefined {
        torch.no_grad(() => {
          for (const { params, lr } of this.param_groups) {
            for (const parameter of params) {
              const gradient = parameter.grad!;
              const [state] = this.averages;
              if (state?.first) state.first.lerp_(gradient, 0.5);
              else this.averages.push({ first: gradient.clone() });
              this.last.set(parameter, gradient.mul(2));
              parameter.sub_(this.averages[0]!.first!, { alpha: lr });
            }
          }
        });
        return undefined;
      }
    }
    const parameter = new nn.Parameter(torch.ones(2));
    const optimizer = torch.tidy(() => new Averaging([parameter], { lr: 1 }));
    for (let i = 0; i < 2; i++) {
      torch.tidy(() => {
        optimizer.zero_grad();
        parameter.pow(2).sum().backward();
        optimizer.step();
      });
    }
    expect(parameter.tolist()).to.deep.equal([-1, -1]);
    expect(optimizer.last.get(parameter)!.tolist()).to.deep.equal([-4, -4]);
  });

  it('leaves buffers that are registered, assigned, converted, moved or loaded', () => {
    class Scaled extends nn.Module<[Tensor], Tensor> {
      declare scale: Tensor;

      constructor() {
        super();
        this.register_buffer('scale', torch.full([2], 3));
      }

      override forward(input: Tensor): Tensor {
        return input.mul(this.scale);
      }
    }
    const module = torch.tidy(() => new Scaled());
    const ones = torch.ones(2, { dtype: torch.float64 });
    const result = (): unknown => module(ones).tolist();
    expect(result()).to.deep.equal([3, 3]);
    torch.tidy(() => {
      module.double();
    });
    expect(result()).to.deep.equal([3, 3]);
    torch.tidy(() => {
      module.to(torch.float32);
    });
    expect(result()).to.deep.equal([3, 3]);
    torch.tidy(() => {
      module.scale = module.scale.add(1);
    });
    expect(result()).to.deep.equal([4, 4]);
    torch.tidy(() => {
      module.load_state_dict({ scale: torch.full([2], 5) }, { assign: true });
    });
    expect(result()).to.deep.equal([5, 5]);
    torch.tidy(() => module.register_buffer('shift', torch.ones(2)));
    expect(module.get_buffer('shift').tolist()).to.deep.equal([1, 1]);
  });

  it('leaves parameters that are registered or assigned, and the gradient of each', () => {
    const module = new nn.Module() as nn.Module & { inner: nn.Module; weight: nn.Parameter };
    torch.tidy(() => {
      module.register_parameter('bias', new nn.Parameter(torch.ones(2)));
      module.weight = new nn.Parameter(torch.ones(2));
      module.inner = new nn.CrossEntropyLoss({ weight: torch.full([3], 2) });
      module.weight.mul(3).sum().backward();
    });
    expect(module.get_parameter('bias').tolist()).to.deep.equal([1, 1]);
    expect(module.weight.grad!.tolist()).to.deep.equal([3, 3]);
    expect(module.inner.get_buffer('weight').tolist()).to.deep.equal([2, 2, 2]);
    torch.tidy(() => {
      module.weight.grad = torch.zeros(2);
      module.double();
    });
    expect(module.weight.grad!.dtype).to.equal(torch.float64);
  });

  it('leaves what a module keeps of a call in a property of its own', () => {
    class Running extends nn.Module<[Tensor], Tensor> {
      hidden: { sum: Tensor }[] = [];

      override forward(input: Tensor): Tensor {
        const before = this.hidden[0]?.sum ?? torch.zeros(2);
        this.hidden = [{ sum: before.add(input) }];
        return this.hidden[0]!.sum.mul(2);
      }
    }
    const model = new nn.Sequential(new Running());
    const step = (): Tensor => torch.tidy(() => model(torch.ones(2)));
    step();
    expect(step().tolist()).to.deep.equal([4, 4]);
    expect(torch.tidy(() => torch.tidy(() => model(torch.ones(2))).add(1)).tolist()).to.deep.equal([
      7, 7,
    ]);
    expect(step().tolist()).to.deep.equal([8, 8]);
  });

  it('leaves a tensor of an outer tidy that became state in an inner one', () => {
    const module = new nn.Module();
    torch.tidy(() => {
      const made = torch.ones(2);
      torch.tidy(() => module.register_buffer('buffer', made));
    });
    expect(module.get_buffer('buffer').tolist()).to.deep.equal([1, 1]);
  });

  it('frees everything else of a step, and state that was replaced', () => {
    const model = new nn.Linear(4, 2);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    const scaler = new torch.amp.GradScaler('cpu');
    const input = torch.ones(3, 4);
    let buffer: Tensor | undefined;
    const step = (): void =>
      torch.tidy(() => {
        const loss = model(input).sum();
        scaler.scale(loss).backward();
        scaler.step(optimizer);
        scaler.update();
        optimizer.zero_grad();
        model.register_buffer('replaced', torch.ones(1));
        buffer = model.get_buffer('replaced');
        model.register_buffer('replaced', torch.ones(1));
      });
    step();
    expect(buffer!.isDisposed).to.equal(true);
    const before = live();
    // State from before this tidy is collected instead of freed: one buffer in each step.
    for (let i = 0; i < 10; i++) step();
    expect(live()).to.be.at.most(before + 10);
  });
});
