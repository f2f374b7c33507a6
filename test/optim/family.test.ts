/** What torch.optim's optimizers share: state dicts, hooks, asynchronous steps, and errors, against Python's. */
import { expect } from 'chai';
import torch, { optim, type Tensor } from 'torch-losses';

import { expectSample } from '../parity/parity';

function withGradient(value = 0.5): Tensor {
  const parameter = torch.ones(2, { requires_grad: true });
  parameter.grad = torch.full([2], value);
  return parameter;
}

describe('optim: state', () => {
  it('goes on from a saved state as if it had never stopped', () => {
    const [a, b] = [withGradient(), withGradient()];
    const from = new optim.AdamW([a], { amsgrad: true });
    from.step();
    b.data = a.detach().clone();
    const into = new optim.AdamW([b]);
    into.load_state_dict(from.state_dict());
    b.grad = torch.full([2], 0.5);
    for (const optimizer of [from, into]) optimizer.step();
    expect(b.tolist()).to.deep.equal(a.tolist());
    expect(into.param_groups[0]!.amsgrad).to.equal(true);
  });

  it('keeps the count of steps as it was saved, and casts the rest', () => {
    const from = new optim.Adam([withGradient()]);
    from.step();
    const wide = torch.ones(2, { dtype: torch.float64, requires_grad: true });
    const into = new optim.Adam([wide]);
    into.load_state_dict(from.state_dict());
    const state = into.state.get(wide) as Record<string, Tensor>;
    expect(Object.values(state).map(({ dtype }) => String(dtype))).to.deep.equal([
      'torch.float32',
      'torch.float64',
      'torch.float64',
    ]);
  });

  it('copies a learning rate that is a tensor', () => {
    const make = (): optim.SGD => new optim.SGD([torch.ones(1)], { lr: torch.tensor(0.5) });
    const [saved, loaded] = [make(), make()];
    loaded.load_state_dict(saved.state_dict());
    (saved.param_groups[0]!.lr as Tensor).fill_(3);
    expect((loaded.param_groups[0]!.lr as Tensor).item()).to.equal(0.5);
  });

  it('takes states of older versions: numbers for tensors, and options that are missing', () => {
    const parameter = withGradient();
    const optimizer = new optim.Adam([parameter]);
    const zero = torch.zeros(2);
    optimizer.load_state_dict({
      state: { 0: { step: 3, exp_avg: zero, exp_avg_sq: zero } },
      param_groups: [{ params: [0], lr: 0.1, betas: [0.9, 0.99], eps: 1e-8, weight_decay: 0 }],
    });
    expect((optimizer.state.get(parameter)!['step'] as Tensor).item()).to.equal(3);
    expect(optimizer.param_groups[0]).to.include({ amsgrad: false, foreach: null });
    optimizer.step();
  });

  it('has the options of a group in Python’s order: its own first', () =>
    expectSample(
      {
        source: `
o = torch.optim.SGD([dict(params=[('w', torch.ones(1))], momentum=0.5)], lr=0.1)
names = list(o.state_dict()['param_groups'][0])`,
        outputs: ['names'],
      },
      () => {
        const o = new optim.SGD([{ params: [['w', torch.ones(1)]], momentum: 0.5 }], { lr: 0.1 });
        return [Object.keys(o.state_dict().param_groups[0]!)];
      },
    ));

  it('says which tensor is missing if an option that needs it comes after the first step', () => {
    const optimizer = new optim.Adam([withGradient()]);
    optimizer.step();
    optimizer.param_groups[0]!.amsgrad = true;
    expect(() => optimizer.step()).to.throw("has no tensor 'max_exp_avg_sq'");
  });
});

describe('optim: hooks', () => {
  it('are called around steps, in Python’s order, until they are removed', () => {
    const optimizer = new optim.Adam([withGradient()]);
    const calls: string[] = [];
    const note = (name: string) => (): void => {
      calls.push(name);
    };
    const handles = [
      optim.register_optimizer_step_pre_hook(note('all before')),
      optim.register_optimizer_step_post_hook(note('all after')),
      optimizer.register_step_pre_hook(note('before')),
      optimizer.register_step_post_hook(note('after')),
    ];
    optimizer.step(note('closure'));
    expect(calls).to.deep.equal(['all before', 'before', 'closure', 'after', 'all after']);
    for (const handle of handles) handle.remove();
    optimizer.step();
    expect(calls).to.have.length(5);
  });

  it('may give a step other arguments', () => {
    const optimizer = new optim.Adam([withGradient()]);
    optimizer.register_step_pre_hook(() => [[() => 7], {}]);
    expect(optimizer.step(() => 3)).to.equal(7);
    optimizer.register_step_pre_hook(() => 5 as never);
    expect(() => optimizer.step()).to.throw(
      'must return None or a tuple of (new_args, new_kwargs)',
    );
  });

  it('see and replace state dicts', () => {
    const optimizer = new optim.Adam([withGradient()]);
    const calls: string[] = [];
    optimizer.register_state_dict_pre_hook(() => void calls.push('second'));
    optimizer.register_state_dict_pre_hook(() => void calls.push('first'), { prepend: true });
    optimizer.register_state_dict_post_hook((_, saved) => ({ ...saved, param_groups: [] }));
    optimizer.register_load_state_dict_pre_hook((_, loaded) => {
      const [group] = loaded.param_groups;
      return { ...loaded, param_groups: [{ ...group!, lr: 0.25 }] };
    });
    optimizer.register_load_state_dict_post_hook(() => void calls.push('loaded'));
    expect(optimizer.state_dict().param_groups).to.deep.equal([]);
    optimizer.load_state_dict(new optim.Adam([withGradient()]).state_dict());
    expect(optimizer.param_groups[0]!.lr).to.equal(0.25);
    expect(calls).to.deep.equal(['first', 'second', 'loaded']);
  });

  it('are functions', () => {
    const optimizer = new optim.Adam([withGradient()]);
    expect(() => optimizer.register_step_pre_hook(3 as never)).to.throw(
      TypeError,
      'hook must be a function, got',
    );
  });
});

describe('optim: as Python', () => {
  type Class = new (params: Tensor[], options?: object) => optim.Optimizer;
  const classes = optim as unknown as Record<string, Class>;
  const PARAMETER = 'p = torch.ones(2, 2, requires_grad=True); p.grad = torch.ones(2, 2)';
  const make = (name: string, options: object): optim.Optimizer => {
    const p = torch.ones(2, 2, { requires_grad: true });
    p.grad = torch.ones(2, 2);
    return new classes[name]!([p], options);
  };

  const MOMENTUM: Record<string, object> = {
    SGD: { momentum: 0.5, nesterov: true, weight_decay: 0.1 },
    RMSprop: { momentum: 0.5, centered: true },
  };
  const isAlive = (state: object): boolean =>
    Object.values(state).every((value) => !(value instanceof torch.Tensor) || value.numel() > 0);

  const NAMES =
    'Adadelta Adafactor Adagrad Adam AdamW Adamax ASGD LBFGS Muon NAdam RAdam RMSprop Rprop SGD SparseAdam';
  for (const name of NAMES.split(' ')) {
    it(`${name} prints its options`, () =>
      expectSample(
        { source: `${PARAMETER}; o = torch.optim.${name}([p])`, outputs: ['repr(o)'] },
        () => [String(make(name, {}))],
      ));
  }

  for (const name of NAMES.split(' ').filter((each) => each !== 'LBFGS')) {
    const ways = name === 'SparseAdam' || name === 'Muon' ? [{}] : [{}, { foreach: true }];
    for (const way of ways) {
      it(`${name} frees what a step makes on its way ${JSON.stringify(way)}`, () => {
        const p = torch.ones(2, 2, { requires_grad: true });
        const gradient = torch.ones(2, 2);
        p.grad = name === 'SparseAdam' ? (torch.ops.aten.to_sparse(gradient) as Tensor) : gradient;
        const optimizer = new classes[name]!([p], { ...way, ...MOMENTUM[name] });
        optimizer.step();
        const before = torch.memoryStats().tensors;
        optimizer.step();
        expect(torch.memoryStats().tensors).to.equal(before);
        expect(p.grad.shape).to.deep.equal([2, 2]);
        expect(optimizer.state_dict().state[0]).to.satisfy(isAlive);
      });
    }
  }

  for (const line_search_fn of [null, 'strong_wolfe'] as const) {
    it(`LBFGS keeps only its state ${line_search_fn}`, () => {
      const p = torch.tensor([1.5, -2, 0.5], { requires_grad: true });
      const options = { lr: 0.1, max_iter: 4, history_size: 2, line_search_fn };
      const optimizer = new optim.LBFGS([p], options);
      const closure = (): number => {
        optimizer.zero_grad();
        return torch.tidy(() => {
          const loss = p.sub(1).pow(4).sum();
          loss.backward();
          return loss.item<number>();
        });
      };
      const inState = (): number =>
        Object.values(optimizer.state.get(p)!)
          .flat()
          .filter((each) => each instanceof torch.Tensor).length;
      optimizer.step(closure);
      for (let step = 0; step < 3; step++) {
        const [before, held] = [torch.memoryStats().tensors, inState()];
        optimizer.step(closure);
        // What the step replaced in its state stays until it is collected, as does what earlier tests have left.
        const replaced = torch.memoryStats().tensors - before - (inState() - held);
        expect(replaced).to.be.at.most(held + 1);
        for (const value of Object.values(optimizer.state.get(p)!)) {
          expect(isAlive([value].flat())).to.equal(true);
        }
      }
    });
  }

  const REFUSED: readonly [name: string, python: string, options: object][] = [
    ['Adam', 'betas=(1.0, 0.0)', { betas: [1, 0] }],
    ['Adam', 'eps=-1.5', { eps: -1.5 }],
    ['Adam', 'lr=torch.tensor(0.1), foreach=True', { lr: torch.tensor(0.1), foreach: true }],
    ['AdamW', 'fused=True, foreach=True', { fused: true, foreach: true }],
    ['Adadelta', 'rho=1.5', { rho: 1.5 }],
    ['Adafactor', 'beta2_decay=0.5', { beta2_decay: 0.5 }],
    ['Adagrad', 'lr_decay=-0.5', { lr_decay: -0.5 }],
    ['Muon', "adjust_lr_fn='other'", { adjust_lr_fn: 'other' }],
    ['NAdam', 'momentum_decay=-0.2', { momentum_decay: -0.2 }],
    ['RMSprop', 'alpha=-0.5', { alpha: -0.5 }],
    ['Rprop', 'etas=(1.5, 0.5)', { etas: [1.5, 0.5] }],
    ['SparseAdam', 'lr=-0.1', { lr: -0.1 }],
    ...['Adadelta', 'Adam', 'Adamax', 'ASGD', 'NAdam', 'RAdam', 'RMSprop', 'Rprop'].flatMap(
      (name): typeof REFUSED => [
        [name, 'capturable=True', { capturable: true }],
        [name, 'capturable=True, foreach=True', { capturable: true, foreach: true }],
        [name, 'differentiable=True, foreach=True', { differentiable: true, foreach: true }],
      ],
    ),
  ];
  for (const [name, python, options] of REFUSED) {
    it(`${name} refuses (${python}) on a CPU`, () =>
      expectSample(
        { source: `${PARAMETER}; torch.optim.${name}([p], ${python}).step()`, outputs: [] },
        () => {
          make(name, options).step();
          return [];
        },
      ));
  }

  it('refuses groups and states that are none', () => {
    const optimizer = make('SGD', {}) as unknown as Record<string, unknown>;
    for (const groups of [undefined, {}, [5], [{ lr: 1 }], [{ params: 5 }]]) {
      expect(() => {
        optimizer['param_groups'] = groups;
      }).to.throw(
        TypeError,
        "Optimizer.param_groups must be an array of objects with an array 'params', got",
      );
    }
    for (const state of [null, {}, [new Map()]]) {
      expect(() => {
        optimizer['state'] = state;
      }).to.throw(TypeError, 'Optimizer.state must be a Map, got');
    }
    optimizer['param_groups'] = [];
    optimizer['state'] = new Map();
    expect(String(optimizer)).to.equal('SGD ()');
  });

  it('LBFGS steps without parameters as this torch does', () =>
    expectSample(
      {
        source: "value = torch.optim.LBFGS([{'params': []}]).step(lambda: torch.tensor(2.5))",
        outputs: ['value'],
      },
      () => [new optim.LBFGS([{ params: [] }]).step(() => torch.tensor(2.5))],
    ));

  it('refuses options of a wrong type by name', () => {
    expect(() => make('Adam', { betas: 0.9 })).to.throw(
      TypeError,
      "argument 'betas' must be an array of two numbers",
    );
    expect(() => make('Muon', { ns_coefficients: [1] })).to.throw(TypeError, 'three numbers');
  });
});
