/** Compares the inline backward pass of small graphs with libtorch's engine. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { Random } from '../support/data';
import { itWhereThere } from '../support/versions';

/** Programs that compute a scalar from two leaves. Giving `inputs` makes the engine run the backward pass. */
const programs: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  'one function': (x) => x.sum(),
  'a loss': (x, y) => nn.functional.mse_loss(x, y),
  'a diamond': (x, y) => {
    const shared = x.mul(y);
    return shared.exp().add(shared.sin()).mul(shared).sum();
  },
  'one tensor many times': (x) => x.mul(x).add(x).mul(x).sub(x.mul(3)).sum(),
  broadcasting: (x, y) => x.sum(0).mul(y).add(x.mean()).sum(),
  'several outputs of one function': (x) => {
    const { values } = x.sort(1);
    const [a, b] = values.split(2, 1) as [Tensor, Tensor];
    return a.sum().mul(b.sum());
  },
  'a view changed in place': (x) => {
    const z = x.mul(2);
    z.index(0).mul_(3);
    return z.pow(2).sum();
  },
  'a function without some gradients': (x, y) => torch.where(x.gt(0), x, y.detach()).sum(),
  'many functions': (x, y) => {
    let z = x;
    for (let i = 0; i < 40; i++) z = z.mul(y).tanh();
    return z.sum();
  },
};

function gradients(program: (typeof programs)[string], engine: boolean): (Tensor | null)[] {
  torch.manual_seed(3);
  const leaves = [
    torch.randn(4, 4, { requires_grad: true }),
    torch.randn(4, 4, { requires_grad: true }),
  ] as const;
  const loss = program(...leaves);
  loss.backward(engine ? { inputs: leaves } : {});
  return leaves.map(({ grad }) => grad);
}

/** The steps of random graphs: all functions that the inline backward pass computes itself, and some others. */
const STEPS: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => a.add(b),
  (a, b) => a.sub(b),
  (a, b) => a.mul(b),
  (a, b) => a.div(b),
  (a, b) => a.add(b, { alpha: 2 }),
  (a) => a.add(1.5),
  (a) => a.sub(0.5),
  (a) => torch.rsub(a, 1),
  (a) => a.mul(0.3),
  (a) => a.div(3),
  (a) => a.abs(),
  (a) => a.neg(),
  (a) => a.pow(2),
  (a) => a.pow(3),
  (a) => a.abs().sqrt(),
  (a) => a.clamp_min(0),
  (a) => a.clamp_min(0.25),
  (a, b) => torch.where(a.gt(0), a, b),
  (a) => torch.where(a.gt(0), a, 0),
  (a, b) => a.mul(b.sum(0)),
  (a, b) => a.sub(b.sum(-1, true)),
  (a, b) => a.div(b.sum(1).unsqueeze(1)),
  (a, b) => a.mul(b.mean()),
  (a, b) => a.add(b.sum()),
  (a) => a.t().contiguous().t(),
  (a) => a.t().mul(a.t()).t(),
  (a) => a.exp(),
];

/**
 * Returns a random program: some steps, each with two earlier results, whose results are combined in one of three ways.
 */
function randomProgram(seed: number): (x: Tensor, y: Tensor) => Tensor {
  const random = new Random(seed);
  return (x, y) => {
    const made = [x, y];
    for (let i = random.integer(2, 9); i > 0; i--) {
      made.push(random.pick(STEPS)(random.pick(made), random.pick(made)));
    }
    const last = made.at(-1)!;
    return random.pick([() => last.sum(), () => last.mean(), () => last.sum(1).abs().sum()])();
  };
}

/** Returns the exact elements of a gradient, with its strides. */
const bits = (gradient: Tensor | null): unknown =>
  gradient && [gradient.stride(), [...new Uint8Array(gradient.toTypedArray().buffer)]];

describe('backward', () => {
  it('equals the engine of random graphs', () => {
    for (let seed = 0; seed < 1000; seed++) {
      const [inline, engine] = [false, true].map((isEngine) =>
        gradients(randomProgram(seed), isEngine).map(bits),
      );
      expect(inline, `seed ${seed}`).to.deep.equal(engine);
    }
  });

  for (const [name, program] of Object.entries(programs)) {
    it(`equals the engine's: ${name}`, () => {
      const inline = gradients(program, false);
      for (const [index, expected] of gradients(program, true).entries()) {
        const grad = inline[index];
        if (expected === null || grad === null) expect(grad).to.equal(expected);
        else expect(grad!.equal(expected)).to.equal(true);
      }
    });
  }

  it('accumulates into gradients that are there', () => {
    const x = torch.ones(2, { requires_grad: true });
    x.sum().backward();
    const { grad } = x;
    x.mul(3).sum().backward();
    expect(x.grad).to.equal(grad);
    expect(grad!.tolist()).to.deep.equal([4, 4]);
  });

  it('frees the graph unless it is retained', () => {
    const x = torch.ones(2, { requires_grad: true });
    const loss = x.mul(x).sum();
    loss.backward({ retain_graph: true });
    loss.backward();
    expect(() => loss.backward()).to.throw('Trying to backward through the graph a second time');
  });

  it('keeps the gradients asked for on the way', () => {
    const x = torch.ones(2, { requires_grad: true });
    const middle = x.mul(2);
    middle.retain_grad();
    middle.pow(2).sum().backward();
    expect(middle.grad!.tolist()).to.deep.equal([4, 4]);
    expect(x.grad!.tolist()).to.deep.equal([8, 8]);
  });

  it('records itself when asked', () => {
    const x = torch.tensor([2, 3], { requires_grad: true });
    x.pow(3).sum().backward({ create_graph: true });
    expect(x.grad!.requires_grad).to.equal(true);
    const [second] = torch.autograd.grad(x.grad!.sum(), [x]);
    expect(second!.tolist()).to.deep.equal([12, 18]);
  });

  it('records nothing otherwise, whatever the mode', () => {
    const x = torch.ones(2, { requires_grad: true });
    const loss = x.mul(x).sum();
    torch.no_grad(() => loss.backward());
    expect(x.grad!.requires_grad).to.equal(false);
    expect(torch.is_grad_enabled()).to.equal(true);
  });
});

describe('small layers', () => {
  const sizes = [1, 2, 3, 5, 8, 10, 17, 31, 32, 64];

  itWhereThere(
    'of linear_cross_entropy have the bits of several threads',
    function (this: Mocha.Context) {
      this.timeout(60_000);
      const random = new Random(5);
      const { linear_cross_entropy, linear, cross_entropy } = nn.functional;
      for (let i = 0; i < 40; i++) {
        const pick = (): number => random.pick(sizes);
        const [rows, inputs, classes] = [pick(), pick(), pick()];
        const dtype = random.pick([torch.float32, torch.float64]);
        const hasBias = random.pick([false, true]);
        const leaf = (...shape: number[]): Tensor =>
          torch.randn(shape, { dtype, requires_grad: true });
        for (let use = 0; use < 110; use++) {
          const [x, weight] = [leaf(rows, inputs), leaf(classes, inputs)];
          const linear_bias = hasBias ? leaf(classes) : null;
          const leaves = linear_bias ? [x, weight, linear_bias] : [x, weight];
          const target = torch.randint(0, classes, [rows]);
          const taken = (loss: Tensor, options: object): (Tensor | null)[] => {
            for (const each of leaves) each.grad = null;
            loss.backward(options);
            return [loss, ...leaves.map(({ grad }) => grad)];
          };
          const ours = taken(linear_cross_entropy(x, weight, target, { linear_bias }), {});
          if (use < 100) continue; // what it is compared with before it runs on one thread
          // Computed by libtorch's own linear and engine.
          const logits = linear(x, weight, linear_bias);
          const expected = taken(cross_entropy(logits, target), { inputs: leaves });
          const equal = ours.map((tensor, j) => torch.equal(tensor!, expected[j]!));
          expect(equal, `${rows}, ${inputs}, ${classes}, ${dtype}`).to.not.include(false);
        }
      }
    },
  );
});
