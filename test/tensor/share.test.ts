/** Sharing tensors between threads. */
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import torch, { type SharedTensor, Tensor } from 'torch-losses';

import { liveBytes, until } from '../support/memory';

const FILE = path.join(__dirname, '..', '..', 'test', 'fixtures', 'sharing.js');
const shared = () => torch.memoryStats().shared;

async function ask<T>(worker: Worker, message: object): Promise<T> {
  worker.postMessage(message);
  const [answer] = (await once(worker, 'message')) as [T];
  return answer;
}

/** The number of elements of a large tensor, compared to which another thread's garbage is small. */
const LARGE = 1_000_000;
const FEW_BYTES = LARGE;

describe('share', () => {
  let worker: Worker;
  before(() => {
    worker = new Worker(FILE);
  });
  after(() => worker.terminate());

  it('hands a tensor to another thread without copying', async () => {
    const x = torch.ones(2, 3);
    const answer = await ask(worker, { action: 'fill', token: x.share(), value: 7 });
    expect(answer).to.deep.equal({
      before: [
        [1, 1, 1],
        [1, 1, 1],
      ],
      shape: [2, 3],
      requires_grad: false,
      address: x.data_ptr(),
    });
    expect(x.sum().item()).to.equal(42);
  });

  it('keeps views, and leaves that require gradients, as they are', async () => {
    const x = torch.arange(6).reshape(2, 3).to(torch.float32);
    const column = x.T.index(1).requires_grad_();
    const answer = await ask(worker, { action: 'fill', token: column.share(), value: -1 });
    expect(answer).to.deep.include({ before: [1, 4], requires_grad: true });
    expect(x.tolist()).to.deep.equal([
      [0, -1, 2],
      [3, -1, 5],
    ]);
    expect(column._version).to.be.greaterThan(0);
  });

  it('sends what it is given by a thread that ends at once', async () => {
    const another = new Worker(FILE);
    const ended = once(another, 'exit');
    const token = await ask<SharedTensor>(another, { action: 'result', size: 5 });
    await ended;
    expect(Tensor.fromShared(token).tolist()).to.deep.equal([3, 3, 3, 3, 3]);
  });

  it('gives memory that cannot be resized any more, on either side', async () => {
    const x = torch.ones(4);
    const message = await ask<string>(worker, { action: 'resize', token: x.share() });
    expect(message).to.include('not resizable');
    expect(() => torch.ops.aten.resize_(x, [1000])).to.throw('not resizable');
    expect(() => torch.add(torch.ones(9), 1, { out: x })).to.throw('not resizable');
    expect(x.shape).to.deep.equal([4]);
    expect(x.sum().item()).to.equal(4);
  });

  it('gives each thread its own tensor and gradient', () => {
    const x = torch.ones(2, { requires_grad: true });
    const other = Tensor.fromShared(x.share());
    other.sum().backward();
    expect(x.grad).to.equal(null);
    expect(other.grad!.tolist()).to.deep.equal([1, 1]);
    x.dispose();
    expect(other.sum().item()).to.equal(2);
  });

  it('refuses what cannot leave its thread', () => {
    const graph = torch.ones(2, { requires_grad: true }).mul(2);
    expect(() => graph.share()).to.throw(torch.TorchError, 'share its detach()');
    expect(Tensor.fromShared(graph.detach().share()).tolist()).to.deep.equal([2, 2]);
    const buffer = torch.frombuffer(new SharedArrayBuffer(8), { dtype: torch.float32 });
    expect(() => buffer.share()).to.throw(torch.TorchError, 'share its clone()');
    const sparse = torch.ops.aten.to_sparse(torch.ones(2));
    expect(() => sparse.share()).to.throw(torch.TorchError, 'only strided tensors');
    const disposed = torch.ones(1);
    disposed.dispose();
    expect(() => disposed.share()).to.throw(TypeError, 'disposed');
    for (const timeout of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => torch.ones(1).share({ timeout }), `${timeout}`).to.throw(RangeError, 'timeout');
    }
    expect(() => torch.ones(1).share({ timeout: '1' as unknown as number })).to.throw(
      TypeError,
      "'timeout' must be a number",
    );
    expect(shared().tensors).to.equal(0);
  });
});

describe('a token', () => {
  it('is plain data that can be cloned', () => {
    const token = torch.ones(3).share();
    expect(structuredClone(token)).to.deep.equal(token);
    Tensor.fromShared(structuredClone(token)).dispose();
  });

  it('is claimed once', () => {
    const token = torch.ones(3).share();
    Tensor.fromShared(token).dispose();
    expect(() => Tensor.fromShared(token)).to.throw(torch.TorchError, 'was claimed already');
  });

  it('cannot be made up', () => {
    const token = torch.ones(3).share();
    const [origin, number, secret] = token.sharedTensor.split('-') as [string, string, string];
    const flipped = (digits: string): string =>
      (digits.startsWith('0') ? '1' : '0') + digits.slice(1);
    const forged: [string, string][] = [
      [`${origin}-${number}-${flipped(secret)}`, 'no token that share() made'],
      [`${origin}-ffff-${secret}`, 'no token that share() made'],
      [`${flipped(origin)}-${number}-${secret}`, 'of another process'],
      [`${token.sharedTensor} `, 'no token that share() made'],
      ['', 'no token that share() made'],
      ['%s%n-1-1', 'no token that share() made'],
    ];
    for (const [sharedTensor, message] of forged) {
      expect(() => Tensor.fromShared({ sharedTensor }), sharedTensor).to.throw(
        torch.TorchError,
        message,
      );
    }
    for (const hostile of [undefined, null, 1, 'x', {}, [], { sharedTensor: 1 }, torch.ones(1)]) {
      expect(() => Tensor.fromShared(hostile as SharedTensor)).to.throw(
        TypeError,
        "fromShared(): argument 'token' must be what share() returned",
      );
    }
    expect(Tensor.fromShared(token).sum().item()).to.equal(3);
  });

  it('that nobody claims in its time lets go of the memory', async () => {
    const before = liveBytes();
    const x = torch.empty(LARGE);
    const token = x.share({ timeout: 1 });
    const kept = torch.empty(10).share();
    x.dispose();
    await until(() => shared().tensors === 1);
    await until(() => liveBytes() < before + FEW_BYTES);
    expect(() => Tensor.fromShared(token)).to.throw(torch.TorchError, 'its time was over');
    Tensor.fromShared(kept).dispose();
    expect(shared()).to.deep.equal({ tensors: 0, bytes: 0 });
  });

  it('counts until then', () => {
    const token = torch.empty(1000).share();
    expect(shared()).to.deep.equal({ tensors: 1, bytes: 4000 });
    Tensor.fromShared(token).dispose();
    expect(shared()).to.deep.equal({ tensors: 0, bytes: 0 });
  });

  it('of a worker that is terminated while it claims leaks nothing', async () => {
    const before = liveBytes();
    for (let round = 0; round < 10; round++) {
      const worker = new Worker(FILE);
      const x = torch.empty(LARGE);
      for (let i = 0; i < 20; i++) {
        worker.postMessage({ action: 'hold', token: x.share({ timeout: 3000 }) });
      }
      x.dispose();
      // Terminates the worker while it claims tensors. In later rounds, this happens before or after that.
      if (round % 3 > 0) await once(worker, 'message');
      if (round % 3 > 1) await delay(5);
      await worker.terminate();
    }
    await until(() => shared().tensors === 0);
    await until(() => liveBytes() < before + FEW_BYTES);
  }).timeout(60_000);
});
