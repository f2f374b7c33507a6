/** Large numbers of workers, copies of the package, and child processes. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';

import { copyPackage } from '../support/copy';
import { temporaryFolder } from '../support/folder';
import { CHURN, type Churn } from './churn';
import { runProgram } from './processes';

const run = promisify(execFile);

describe('many workers', () => {
  // `npm run fuzz -- --workers 500` starts more.
  const WORKERS = 40;

  it('end or are terminated, and leave no memory or threads behind', async () => {
    const { stdout, stderr } = await run(process.execPath, ['--expose-gc', CHURN, String(WORKERS)]);
    const { megabytes, threads, wrong, terminated } = JSON.parse(stdout) as Churn;
    expect(wrong, stderr).to.deep.equal([]);
    expect(terminated).to.equal(WORKERS / 2);
    expect(megabytes).to.be.lessThan(150);
    expect(threads[1] - threads[0]).to.be.at.most(2);
  }).timeout(120_000);
});

describe('collecting', () => {
  it('begins while another thread takes the flag that it needs back', async () => {
    const { output, errors, how } = await runProgram(`
      const { Worker } = require('node:worker_threads');
      const worker = new Worker(
        "const v8 = require('node:v8'); for (const end = Date.now() + 400; Date.now() < end; ) v8.setFlagsFromString('--no-expose-gc');" +
        "require('node:worker_threads').parentPort.postMessage(0);", { eval: true });
      worker.on('online', () => setTimeout(() => {
        for (let call = 0; call < 100; call++) torch.ones(1000, 1000);
        console.log(torch.memoryStats().tensors < 100);
      }, 50));`);
    expect(how, errors).to.equal(0);
    expect(output).to.equal('true');
  }).timeout(60_000);
});

describe('an addon', () => {
  it('that cannot be made ready, since the worker that loads it is terminated, is an error', async () => {
    // After termination, all calls of Node-API fail. These exports imitate that.
    const { output, errors, how } = await runProgram(`
      const addon = Object.keys(require.cache).find((file) => /torch_losses\\.node$/.test(file));
      for (const name of ['async', 'set_hooks', 'ctc_loss']) {
        const refuse = (target, key, value) => {
          if (key === name) throw new Error('no ' + key);
          return Reflect.set(target, key, value);
        };
        try { process.dlopen({ exports: new Proxy({}, { set: refuse }) }, addon); } catch (error) { console.log(error.message); }
      }
      console.log(torch.ones(2).sum().item());`);
    expect(how, errors).to.equal(0);
    expect(output.split('\n')).to.deep.equal(['no async', 'no set_hooks', 'no ctc_loss', '2']);
  }).timeout(60_000);
});

describe('an addon that JavaScript has not made ready', () => {
  it('throws plain errors, and keeps what lives', async () => {
    const { output, errors, how } = await runProgram(`
      const addon = Object.keys(require.cache).find((file) => /torch_losses\\.node$/.test(file));
      const { exports } = (() => { const module = { exports: {} }; process.dlopen(module, addon); return module; })();
      try { exports.numel(12345); } catch (error) { console.log(error.constructor.name, error.message); }
      const made = Array.from({ length: 20_000 }, () => exports.tensor_from_bytes(new Uint8Array(4), torch.float32.code, [1]));
      console.log(made.every((handle) => exports.numel(handle) === 1));
      const big = Array.from({ length: 60 }, () => exports.tensor_from_bytes(new Uint8Array(4e6), torch.float32.code, [1e6]));
      console.log(big.length);`);
    expect(how, errors).to.equal(0);
    expect(output.split('\n')).to.deep.equal(['Error the tensor was disposed', 'true', '60']);
  }).timeout(60_000);
});

describe('two copies of the package in a process', () => {
  const folder = temporaryFolder();

  it('work side by side, each with its own tensors', async () => {
    const { output, errors } = await runProgram(`
      const other = ${copyPackage(folder('copy'))};
      const x = torch.ones(3, { requires_grad: true });
      const y = other.ones(3, { requires_grad: true });
      Promise.all([x.mul(2).sum().backwardAsync(), y.mul(3).sum().backwardAsync()]).then(() => {
        let refused = 0;
        for (const mix of [() => x.add(y), () => other.nn.functional.mse_loss(x, y), () => other.autograd.backward(x)]) {
          try { mix(); } catch (error) { refused += /another copy/.test(error.message) ? 1 : 0; }
        }
        x.dispose();
        console.log(x.isDisposed, y.grad.tolist().join(), refused, torch !== other);
      });`);
    expect(output, errors).to.equal('true 3,3,3 3 true');
  }).timeout(60_000);
});

describe('child processes', () => {
  const CHILD = `process.on('message', () => process.send(torch.ones(100, 100).mm(torch.ones(100, 100)).sum().item(), () => process.disconnect()));`;

  it('of a process that is computing compute on their own', async () => {
    const { output, errors, how } = await runProgram(`
      const { fork } = require('node:child_process');
      const { writeFileSync, mkdtempSync } = require('node:fs');
      const file = mkdtempSync(require('node:os').tmpdir() + '/torch-losses-') + '/child.js';
      writeFileSync(file, "const torch = require(" + JSON.stringify(require.resolve('torch-losses')) + ");" + ${JSON.stringify(CHILD)});
      const big = torch.ones(500, 500);
      const work = Array.from({ length: 10 }, () => torch.ops.aten.mm.async(big, big));
      const children = [1, 2, 3].map(() => new Promise((resolve) => {
        const child = fork(file);
        child.on('message', (sum) => { child.sum = sum; });
        child.on('exit', (code) => resolve([code, child.sum]));
        child.send('go');
      }));
      Promise.all([...children, ...work]).then((all) => {
        require('node:fs').rmSync(require('node:path').dirname(file), { recursive: true });
        console.log(JSON.stringify(all.slice(0, 3)), all[3].sum().item());
      });`);
    expect(how, errors).to.equal(0);
    expect(output).to.equal('[[0,1000000],[0,1000000],[0,1000000]] 125000000');
  }).timeout(90_000);

  it('do not disturb the process that starts them', async () => {
    const { output, errors } = await runProgram(`
      const { execFileSync } = require('node:child_process');
      const x = torch.ones(300, 300, { requires_grad: true });
      for (let i = 0; i < 5; i++) {
        execFileSync('true');
        F.mse_loss(x, x.detach().mul(2)).backward();
      }
      console.log(x.grad.sum().item().toFixed(3));`);
    expect(output, errors).to.equal('-10.000');
  }).timeout(60_000);
});
