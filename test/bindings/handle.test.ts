/** The lifetime of tensors: handles, disposal, collection. */
import { expect } from 'chai';
import torch, { Tensor } from 'torch-losses';
import * as batch from 'torch-losses/batch';

import { handleOf } from '../../dist/bindings/handle';
import { native } from '../../dist/bindings/native';
import { recordWarnings } from '../../dist/bindings/warnings';
import { temporaryFolder } from '../support/folder';
import { gc } from '../support/memory';

describe('handles', () => {
  it('free a tensor at once with dispose, and only once', () => {
    const x = torch.ones(2, 2);
    const before = native.live();
    x.dispose();
    expect(native.live()).to.equal(before - 1);
    x.dispose();
    expect(native.live()).to.equal(before - 1);
    expect(x.isDisposed).to.equal(true);
  });

  it('refuse a disposed tensor, naming the argument', () => {
    const x = torch.ones(2);
    const y = torch.ones(2);
    y.dispose();
    expect(() => y.shape).to.throw(TypeError, 'disposed');
    expect(() => x.add(y)).to.throw(TypeError, /'other'.*disposed/);
    expect(() => torch.nn.functional.mse_loss(x, y)).to.throw(TypeError, /'target'.*disposed/);
  });

  it('refuse a tensor whose prototype was replaced, with an error of torch’s, wherever its methods are needed', async () => {
    const { functional: F, init, utils } = torch.nn;
    const { data } = torch.utils;
    const without = (prototype: object | null): Tensor =>
      Object.setPrototypeOf(torch.rand(3, 3), prototype);
    const rejected: [string, unknown][] = [];
    for (const prototype of [null, {}]) {
      const x = without(prototype);
      expect(() => F.softsign(x)).to.throw(TypeError, 'whose prototype was replaced');
      expect(() => init._calculate_fan_in_and_fan_out(x)).to.throw(TypeError, 'prototype');
      expect(() => utils.clip_grad_norm_([x], 1)).to.throw(TypeError, 'must be a Tensor');
      const { distributed } = torch;
      const spaces = [
        torch,
        F,
        torch.linalg,
        torch.autograd,
        init,
        utils,
        data,
        batch,
        distributed,
      ];
      for (const space of spaces) {
        for (const [name, member] of Object.entries<unknown>({ ...space })) {
          if (typeof member !== 'function' || /^[A-Z]|set_|tidy/.test(name)) continue;
          for (const args of [[x], [x, x], [torch.rand(3, 3), x], [[x, x]], [() => x, x], [x, 1]]) {
            try {
              const result = recordWarnings(() =>
                (member as (...given: unknown[]) => unknown)(...args),
              );
              if (space === distributed) rejected.push([name, result.value]);
            } catch (error) {
              expect((error as { code?: string }).code, name).to.match(/^ERR_TORCH_/);
            }
          }
        }
      }
    }
    for (const [name, promise] of rejected) {
      const error = await Promise.resolve(promise).then(
        () => undefined,
        (each: { code?: string }) => each,
      );
      if (error) expect(error.code, name).to.match(/^ERR_TORCH_/);
    }
  });

  it('never give a slot to a stale handle', () => {
    const stale = torch.ones(1);
    stale.dispose();
    const fresh = torch.zeros(1); // in the same slot
    expect(() => stale.item()).to.throw(TypeError, 'disposed');
    expect(fresh.item()).to.equal(0);
  });

  it('are freed when their tensors are collected, in a loop that never yields', () => {
    const before = native.live();
    for (let i = 0; i < 20_000; i++) torch.empty(1);
    gc();
    native.sweep();
    expect(native.live() - before).to.be.lessThan(100);
  });

  it('are swept by creation itself', () => {
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 10_000; i++) torch.empty(1);
      gc();
    }
    expect(native.live()).to.be.lessThan(25_000);
  });

  it('dispose with using', () => {
    const x = torch.ones(1);
    x[Symbol.dispose]();
    expect(x.isDisposed).to.equal(true);
  });

  it('keep what the graph needs when a tensor is disposed', () => {
    const x = torch.tensor([1, 2, 3], { requires_grad: true });
    const y = x.mul(x);
    const loss = y.sum();
    y.dispose();
    loss.backward();
    expect(x.grad!.tolist()).to.deep.equal([2, 4, 6]);
  });

  it('give the same gradient object while it lives', () => {
    const x = torch.ones(2, { requires_grad: true });
    expect(x.grad).to.equal(null);
    x.sum().backward();
    const { grad } = x;
    expect(x.grad).to.equal(grad);
    const given = torch.zeros(2);
    x.grad = given;
    expect(x.grad).to.equal(given);
    x.grad = null;
    expect(x.grad).to.equal(null);
  });
});

describe('what is no tensor', () => {
  const fakes: [string, unknown][] = [
    ['a plain object', { shape: [2] }],
    ['an object with the prototype', Object.create(Tensor.prototype)],
    ['a proxy', new Proxy(torch.ones(2), {})],
    ['a number', 3],
    ['null', null],
    ['an array', [1, 2]],
    ['a function', () => 1],
  ];
  for (const [name, fake] of fakes) {
    it(`is refused: ${name}`, () => {
      const x = torch.ones(2);
      expect(() => torch.nn.functional.mse_loss(x, fake as Tensor)).to.throw(TypeError);
      expect(() => x.matmul(fake as Tensor)).to.throw(TypeError);
    });
  }
});

describe('a native call', () => {
  it('counts the arguments of an operator', () => {
    const [{ id }] = native.find_operators('aten::neg') as unknown as [{ id: number }];
    for (const surplus of [3, 40]) {
      const more = new Array<number>(surplus).fill(1);
      expect(() => native.call_operator(id, 0, ...more)).to.throw(TypeError, 'takes 1 argument');
      expect(() => native.async.call_operator(1, id, 0, ...more)).to.throw(TypeError);
    }
    expect(() => (native.call_operator as () => unknown)()).to.throw(
      TypeError,
      'needs an operator',
    );
    expect(() => (native.async.call_operator as () => unknown)()).to.throw(TypeError, 'number');
  });

  it('takes bytes by their number', () => {
    const handle = handleOf(torch.ones(2)) as never;
    const code = torch.float32.code as never;
    expect(() => native.tensor_from_bytes(new Uint8Array(3), code, [1])).to.throw(
      RangeError,
      'expected 4 bytes',
    );
    expect(() => native.tensor_from_bytes(new Int8Array(4) as never, code, [1])).to.throw(
      TypeError,
      'Uint8Array',
    );
    expect(native.is_live(handle)).to.equal(true);
  });

  const hostile: unknown[] = [
    undefined,
    null,
    Number.NaN,
    -1,
    0,
    1.5,
    2 ** 60,
    Number.POSITIVE_INFINITY,
    'x',
    true,
    {},
    [],
    () => 1,
    10n ** 30n,
    2n ** 63n,
    ['mean', 9],
    [1, 2, 3],
    Symbol('s'),
    new Uint8Array(0),
    new Date(),
  ];
  // Functions that would stop the process by design, or change it for other tests.
  const skipped =
    /^(manual_seed|share_|set_(?!grad$|data$|requires_grad$)|use_|allow_|propose_|simulate_)/;

  describe('called natively', () => {
    // A store makes the file that it is given.
    const file = temporaryFolder();
    const folder = process.cwd();
    before(() => process.chdir(file('.')));
    after(() => process.chdir(folder));

    for (const [name, member] of Object.entries(native)) {
      if (skipped.test(name) || typeof member !== 'function') continue;
      it(`survives anything given to ${name}`, () => {
        const call = member as unknown as (...args: unknown[]) => unknown;
        const survives = (...args: unknown[]): void => {
          try {
            call(...args);
          } catch (error) {
            expect(error).to.be.instanceOf(Error);
            expect((error as { code?: string }).code).to.match(/^ERR_TORCH_/);
          }
        };
        for (const first of hostile) {
          for (const second of hostile) {
            survives(first);
            survives(first, second);
            survives(first, second, first, second, first, second, first);
          }
          // Puts the value after tensors, so that the call does not fail because of those.
          for (let tensors = 1; tensors <= 4; tensors++) {
            const handles = Array.from({ length: tensors }, () => handleOf(torch.ones(2, 2)));
            survives(...handles, ...new Array<unknown>(6).fill(first));
          }
        }
      });
    }
  });
});
