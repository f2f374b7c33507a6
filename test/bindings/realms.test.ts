/** Objects of other realms, and the package in realms that come and go. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import vm from 'node:vm';
import { expect } from 'chai';
import torch, { nn, optim, type Tensor } from 'torch-losses';

import { makeRealm } from '../support/realm';

const foreign = (source: string) => vm.runInNewContext(`(${source})`);

describe('objects of another realm', () => {
  const F = nn.functional;

  it('are options', () => {
    const sum = foreign(`{ reduction: 'sum' }`);
    expect(F.mse_loss(torch.ones(2), torch.zeros(2), sum).item()).to.equal(2);
    expect(new nn.MSELoss(structuredClone({ reduction: 'sum' })).reduction).to.equal('sum');
    expect(() => F.mse_loss(torch.ones(2), torch.zeros(2), foreign('{ reductoin: 1 }'))).to.throw(
      TypeError,
      "did you mean 'reduction'?",
    );
    expect(() =>
      F.mse_loss(torch.ones(2), torch.zeros(2), foreign('new (class Options {})()')),
    ).to.throw(TypeError, 'must be an options object, got Options');
  });

  it('are arrays, typed arrays and buffers', () => {
    expect(torch.tensor(foreign('[[1, 2], [3, 4]]')).tolist()).to.deep.equal([[1, 2], [3, 4]]); // biome-ignore format: a matrix
    expect(torch.tensor(foreign('new Float64Array([1.5])')).dtype).to.equal(torch.float64);
    const logits = torch.randn(5, 1, 3).log_softmax(2);
    const lengths = foreign('new Int32Array([5])');
    expect(F.ctc_loss(logits, torch.tensor([[1, 2]]), lengths, foreign('[2]')).ndim).to.equal(0);
    // Only of a SharedArrayBuffer is the memory shared.
    const [bytes, sharedBytes] = [
      foreign('new ArrayBuffer(4)'),
      foreign('new SharedArrayBuffer(4)'),
    ];
    const copy = torch.frombuffer(bytes, { dtype: torch.float32 });
    const view = torch.frombuffer(sharedBytes, { dtype: torch.float32 });
    for (const buffer of [bytes, sharedBytes]) new Float32Array(buffer)[0] = 7;
    expect([copy.item(), view.item()]).to.deep.equal([0, 7]);
  });

  it('are maps and sets', () => {
    const model = new nn.Linear(2, 1);
    const state = foreign('(entries) => new Map(entries)')([...model.state_dict()]);
    expect(new nn.Linear(2, 1).load_state_dict(state).missing_keys).to.deep.equal([]);
    const set = foreign('(members) => new Set(members)')([...model.parameters()]);
    expect(() => new optim.SGD([{ params: set }], { lr: 1 })).to.throw(TypeError, 'ordered');
    const kept = torch.tidy(() => foreign('(x) => ({ list: new Map([[1, x]]) })')(torch.ones(1)));
    expect(kept.list.get(1).item()).to.equal(1);
  });

  it('are errors and promises', async () => {
    const failure = foreign('new TypeError("theirs")');
    expect(() => torch.no_grad(() => { throw failure; })).to.throw(failure); // biome-ignore format: short
    expect(() => torch.no_grad(foreign('async () => 1'))).to.throw(TypeError, 'synchronous');
    let inner: Tensor | undefined;
    await torch.tidy(() => foreign('(x) => Promise.resolve()')((inner = torch.ones(1))));
    expect(inner!.isDisposed).to.equal(true);
  });
});

describe('the package in a realm of its own', () => {
  it('gives arrays and errors of that realm', () => {
    const odd = vm.runInContext(
      `const x = torch.ones(2, 3, { requires_grad: true });
      const thrown = (run) => { try { run(); } catch (error) { return error; } };
      Object.entries({
        shape: x.shape instanceof Array,
        size: x.size() instanceof Array,
        stride: x.stride() instanceof Array,
        list: x.tolist() instanceof Array,
        data: x.toTypedArray() instanceof Float32Array,
        several: x.detach().split(1) instanceof Array,
        functions: x.sum().grad_fn.next_functions instanceof Array,
        native: thrown(() => x.add(torch.ones(5))) instanceof Error,
        torchError: thrown(() => x.add(torch.ones(5))) instanceof torch.TorchError,
        index: thrown(() => x.sum(7)) instanceof RangeError,
        type: thrown(() => x.sum({ no: 1 })) instanceof TypeError,
        promise: x.sum().itemAsync() instanceof Promise,
      }).filter(([, isOwn]) => !isOwn).map(([name]) => name)`,
      makeRealm(),
    );
    expect([...odd]).to.deep.equal([]);
    // Errors here are of this realm again once that one is gone, and its own as long as both are in use.
    expect(() => torch.ones(2).add(torch.ones(3))).to.throw(/must match the size/);
  });

  it('is let go with it', async () => {
    const program = `
      const vm = require('node:vm');
      const { makeRealm } = require(${JSON.stringify(path.join(__dirname, '..', 'support', 'realm.js'))});
      const use = \`(async () => {
        const { nn, optim } = torch;
        const model = new nn.Linear(3, 2);
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        new nn.MSELoss()(model(torch.randn(4, 3)), torch.zeros(4, 2)).backward();
        optimizer.step();
        try { torch.ones(2).add(torch.ones(3)); } catch {}
        await torch.tidy(async () => { await torch.ones(3).toTypedArrayAsync(); });
        globalThis.kept = torch.ones(1000);
        globalThis.mark = { realm: globalThis };
      })()\`;
      async function visit() {
        const realm = makeRealm();
        await vm.runInContext(use, realm);
        return new WeakRef(realm.mark);
      }
      const sleep = () => new Promise((resolve) => setTimeout(resolve, 20));
      (async () => {
        const marks = [];
        for (let i = 0; i < 3; i++) marks.push(await visit());
        for (let i = 0; i < 100 && marks.some((mark) => mark.deref()); i++) { await sleep(); gc(); }
        console.log(marks.filter((mark) => mark.deref()).length);
      })();`;
    const options = { cwd: path.join(__dirname, '..', '..') };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--expose-gc', '-e', program],
      options,
    );
    expect(stdout.trim()).to.equal('0');
  }).timeout(60_000);
});
