/** stepAsync: the bits and state of `step`, off the event loop, in the order of the calls. */
import { createHash } from 'node:crypto';

import { expect } from 'chai';
import torch, { nn, optim, type Tensor } from 'torch-losses';

type Class = new (params: Iterable<Tensor>, options?: object) => optim.Optimizer;
const classes = optim as unknown as Record<string, Class>;

function parametersOf(name: string): Tensor[] {
  torch.manual_seed(4);
  // Large enough to be recorded, except with few elements.
  const shapes =
    name === 'Muon'
      ? [
          [256, 128],
          [96, 200],
        ]
      : [[256, 128], [5], []];
  return shapes.map((shape) => torch.randn(shape).requires_grad_());
}

function setGradients(name: string, parameters: readonly Tensor[], step: number): void {
  torch.manual_seed(10 + step);
  for (const parameter of parameters) {
    const gradient = torch.randn(parameter.shape);
    parameter.grad =
      name === 'SparseAdam' && gradient.ndim > 0
        ? (torch.ops.aten.to_sparse!(gradient) as Tensor)
        : gradient;
  }
}

const bitsOf = (tensor: Tensor): string =>
  createHash('sha256')
    .update(Buffer.from((tensor.detach().toTypedArray() as Float32Array).buffer as ArrayBuffer))
    .digest('hex');

const stateOf = (optimizer: Pick<optim.Optimizer, 'state_dict'>): unknown =>
  JSON.stringify(optimizer.state_dict(), (_, value) =>
    value instanceof torch.Tensor ? [String(value.dtype), value.shape, bitsOf(value)] : value,
  );

describe('optim: stepAsync', () => {
  const ALL: [name: string, ...options: object[]][] = [
    ['Adadelta', {}, { maximize: true, weight_decay: 0.1 }, { foreach: true }],
    ['Adafactor', {}, { maximize: true, weight_decay: 0.1 }, { foreach: true }],
    ['Adagrad', {}, { lr_decay: 0.1, weight_decay: 0.1 }, { foreach: true }, { fused: true }],
    [
      'Adam',
      {},
      { amsgrad: true, weight_decay: 0.1, maximize: true },
      { foreach: true },
      { fused: true },
    ],
    ['AdamW', {}, { amsgrad: true }, { foreach: true, maximize: true }, { fused: true }],
    ['Adamax', {}, { maximize: true, weight_decay: 0.1 }, { foreach: true }],
    ['ASGD', {}, { weight_decay: 0.1, t0: 1 }, { foreach: true }],
    ['Muon', {}, { nesterov: false }],
    ['NAdam', {}, { decoupled_weight_decay: true, weight_decay: 0.1 }, { foreach: true }],
    ['RAdam', {}, { weight_decay: 0.1 }, { foreach: true }],
    ['RMSprop', {}, { momentum: 0.5, centered: true }, { foreach: true }],
    ['Rprop', {}, { maximize: true }, { foreach: true }],
    [
      'SGD',
      { lr: 0.1 },
      { momentum: 0.5, nesterov: true, weight_decay: 0.1 },
      { momentum: 0.5, foreach: true },
      { momentum: 0.5, fused: true },
    ],
    ['SparseAdam', {}, { maximize: true }],
  ];
  for (const [name, ...options] of ALL) {
    it(`${name}: the bits and the state of step`, async () => {
      for (const each of [...options, { lr: torch.tensor(0.01) }]) {
        if ('lr' in each && typeof each.lr !== 'number' && name === 'SparseAdam') continue;
        const [own, others] = [parametersOf(name), parametersOf(name)];
        if (name === 'SparseAdam') for (const list of [own, others]) list.splice(2, 1);
        const [sync, async_] = [new classes[name]!(own, each), new classes[name]!(others, each)];
        for (let step = 0; step < 3; step++) {
          setGradients(name, own, step);
          setGradients(name, others, step);
          sync.step();
          await async_.stepAsync();
          expect(others.map(bitsOf), `${JSON.stringify(each)} ${step}`).to.deep.equal(
            own.map(bitsOf),
          );
          expect(stateOf(async_)).to.equal(stateOf(sync));
        }
      }
    });
  }

  it('keeps the order of steps and backward passes that are in flight', async () => {
    const run = async (isAsync: boolean): Promise<unknown> => {
      torch.manual_seed(0);
      // One whose steps are recorded, and one whose steps are not.
      const models = [new nn.Linear(4, 8000), new nn.Linear(4, 4)];
      const optimizers = models.map((model) => new optim.Adam(model.parameters(), { lr: 0.1 }));
      const x = torch.randn(8, 4);
      const calls: Promise<unknown>[] = [];
      for (let step = 0; step < 3; step++) {
        // Both losses are computed before either step, and the second backward is called before the first step is done.
        const losses = models.map((model) => model(x).square().mean());
        for (const [i, optimizer] of optimizers.entries()) {
          optimizer.zero_grad();
          if (isAsync) calls.push(losses[i]!.backwardAsync(), optimizer.stepAsync());
          else {
            losses[i]!.backward();
            optimizer.step();
          }
        }
      }
      await Promise.all(calls);
      return models.map((model) => [...model.parameters()].map(bitsOf));
    };
    expect(await run(true)).to.deep.equal(await run(false));
  });

  it('makes a synchronous call wait that reads what it writes', async () => {
    const parameter = torch.ones(100_000, { requires_grad: true });
    const optimizer = new optim.Adam([parameter], { lr: 0.5 });
    parameter.grad = torch.ones(100_000);
    const call = optimizer.stepAsync();
    const after = parameter.index(0).item();
    await call;
    expect(after).to.be.closeTo(0.5, 1e-6);
    expect((optimizer.state.get(parameter)!['exp_avg'] as Tensor).index(0).item()).to.be.closeTo(
      0.1,
      1e-6,
    );
  });

  it('runs off the event loop', async () => {
    const parameter = torch.ones(2_000_000, { requires_grad: true });
    const optimizer = new optim.Adam([parameter]);
    parameter.grad = torch.ones(2_000_000);
    let turns = 0;
    let isDone = false;
    const call = optimizer.stepAsync().then(() => {
      isDone = true;
    });
    while (!isDone) {
      await new Promise(setImmediate);
      turns++;
    }
    await call;
    expect(turns).to.be.above(1);
  });

  it('calls the hooks of step, in its order, and once', async () => {
    const run = async (isAsync: boolean, size: number): Promise<unknown> => {
      const parameter = torch.ones(size, { requires_grad: true });
      const optimizer = new optim.Adafactor([parameter], { lr: 0.5 });
      const seen: unknown[] = [];
      const note = (what: string) => (): void => {
        seen.push([what, bitsOf(parameter)]);
      };
      optimizer.register_step_pre_hook(note('before'));
      optimizer.register_step_post_hook(note('after'));
      for (let step = 0; step < 2; step++) {
        parameter.grad = torch.ones(size);
        if (isAsync) await optimizer.stepAsync();
        else optimizer.step();
      }
      return seen;
    };
    for (const size of [2, 10_000]) {
      expect(await run(true, size)).to.deep.equal(await run(false, size));
    }
  });

  it('awaits a closure', async () => {
    const parameter = torch.ones(2, { requires_grad: true });
    const optimizer = new optim.SGD([parameter], { lr: 0.5 });
    const order: string[] = [];
    optimizer.register_step_pre_hook(() => {
      order.push('hook');
    });
    const loss = await optimizer.stepAsync(async () => {
      order.push('closure');
      const sum = parameter.sum();
      await sum.backwardAsync();
      return sum;
    });
    expect(loss.item()).to.equal(2);
    expect(order).to.deep.equal(['hook', 'closure']);
    expect(parameter.tolist()).to.deep.equal([0.5, 0.5]);
    await optimizer.stepAsync();
    expect(parameter.tolist()).to.deep.equal([0, 0]);
  });

  it('rejects with the error of step, and leaves a state to go on with', async () => {
    const make = (): [optim.SGD, Tensor[]] => {
      const parameters = [20_000, 30_000, 40_000].map((size) => torch.ones(size));
      for (const each of parameters) each.requires_grad_().grad = torch.ones(each.shape);
      return [new optim.SGD(parameters, { lr: 0.5, momentum: 0.5 }), parameters];
    };
    const [sync, own] = make();
    const [async_, others] = make();
    for (const [optimizer, parameters] of [
      [sync, own],
      [async_, others],
    ] as const) {
      optimizer.state.set(parameters[1], { momentum_buffer: torch.ones(7) });
    }
    const expected = ((): Error => {
      try {
        sync.step();
      } catch (error) {
        return error as Error;
      }
      throw new Error('step() must fail');
    })();
    const error = (await async_.stepAsync().catch((reason: unknown) => reason)) as Error;
    expect([error.name, error.message]).to.deep.equal([expected.name, expected.message]);
    expect(error.stack).to.include('step_async.test');
    expect(others).to.deep.equal(own);
    expect([...async_.state.keys()].map((each) => others.indexOf(each as Tensor))).to.deep.equal(
      [...sync.state.keys()].map((each) => own.indexOf(each as Tensor)),
    );
    for (const optimizer of [sync, async_]) optimizer.state.clear();
    sync.step();
    await async_.stepAsync();
    expect(others).to.deep.equal(own);
  });

  it('rejects with an error that step throws itself, after what came before it', async () => {
    const run = async (isAsync: boolean): Promise<unknown> => {
      const parameters = [torch.ones(40_000), torch.ones(2, 2)];
      for (const each of parameters) each.requires_grad_();
      parameters[0]!.grad = torch.ones(40_000);
      parameters[1]!.grad = torch.ops.aten.to_sparse!(torch.ones(2, 2)) as Tensor;
      const groups = parameters.map((each) => ({ params: [each] }));
      const optimizer = new optim.Adam(groups);
      let text = '';
      try {
        if (isAsync) await optimizer.stepAsync();
        else optimizer.step();
      } catch (error) {
        text = (error as Error).message;
      }
      return [text, parameters.map(bitsOf)];
    };
    const result = await run(true);
    expect(result).to.deep.equal(await run(false));
    expect(String(result)).to.include('sparse gradients');
  });

  it('runs the step of a user’s class on the event loop, in its order', async () => {
    class Half extends optim.Optimizer<{ by: number }> {
      steps = 0;
      constructor(params: Tensor[]) {
        super(params, { by: 2 });
      }
      protected override _step({ params, by }: optim.ParamGroup<{ by: number }>): void {
        this.steps++;
        for (const each of params) if (each.grad) each.sub_(each.grad.div(by));
      }
    }
    const parameter = torch.ones(2, { requires_grad: true });
    const optimizer = new Half([parameter]);
    const calls = [parameter.sum().backwardAsync(), optimizer.stepAsync()];
    await Promise.all(calls);
    expect(parameter.tolist()).to.deep.equal([0.5, 0.5]);
    expect(optimizer.steps).to.equal(1);
  });

  it('awaits the closure of LBFGS at each evaluation', async () => {
    for (const line_search_fn of [null, 'strong_wolfe'] as const) {
      const run = async (isAsync: boolean): Promise<unknown> => {
        torch.manual_seed(0);
        const model = new nn.Linear(3, 2);
        const [x, y] = [torch.randn(20, 3), torch.randn(20, 2)];
        const optimizer = new optim.LBFGS(model.parameters(), { line_search_fn, max_iter: 6 });
        const seen: string[] = [];
        optimizer.register_step_pre_hook(() => {
          seen.push('before');
        });
        optimizer.register_step_post_hook(() => {
          seen.push('after');
        });
        const lossOf = (): Tensor => {
          optimizer.zero_grad();
          seen.push('loss');
          return model(x).sub(y).square().mean();
        };
        for (let step = 0; step < 2; step++) {
          const loss = isAsync
            ? await optimizer.stepAsync(async () => {
                const value = lossOf();
                await value.backwardAsync();
                return value;
              })
            : optimizer.step(() => {
                const value = lossOf();
                value.backward();
                return value;
              });
          seen.push(bitsOf(loss));
        }
        return [seen, stateOf(optimizer), [...model.parameters()].map(bitsOf)];
      };
      expect(await run(true)).to.deep.equal(await run(false));
    }
    const error = await new optim.LBFGS([torch.ones(1, { requires_grad: true })])
      .stepAsync()
      .catch((reason: Error) => reason);
    expect(error).to.be.instanceOf(TypeError).with.property('message').that.includes("'closure'");
    const lbfgs = new optim.LBFGS([torch.ones(1, { requires_grad: true })]);
    expect(() => lbfgs.step(() => undefined)).to.throw(TypeError, 'must return the loss');
    const wrong = await lbfgs.stepAsync(async () => null).catch((reason: Error) => reason);
    expect(wrong).to.have.property('code', 'ERR_TORCH_TYPE');
  });

  it('takes a signal, by itself and after a closure', async () => {
    const parameter = torch.ones(2, { requires_grad: true });
    parameter.grad = torch.ones(2);
    const optimizer = new optim.SGD([parameter], { lr: 1 });
    const signal = AbortSignal.abort(new Error('enough'));
    const reasons = await Promise.all([
      optimizer.stepAsync({ signal }).catch((error: Error) => error.message),
      optimizer.stepAsync(() => 1, { signal }).catch((error: Error) => error.message),
      optimizer.stepAsync(null, { signal }).catch((error: Error) => error.message),
    ]);
    expect(reasons).to.deep.equal(['enough', 'enough', 'enough']);
    // One that waits behind another job is dropped.
    const controller = new AbortController();
    const product = torch.rand(600, 600);
    const before = torch.ops.aten.mm!.async(product, product);
    const call = optimizer.stepAsync({ signal: controller.signal }).catch((error: Error) => error);
    controller.abort(new Error('too late'));
    await before;
    const outcome = await call;
    expect(parameter.tolist()).to.deep.equal(outcome === undefined ? [0, 0] : [1, 1]);
    for (const wrong of [5, { closure: 1 }, 'x']) {
      const error = await optimizer.stepAsync(wrong as never).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(TypeError).with.property('message').that.includes('closure');
    }
  });
});
