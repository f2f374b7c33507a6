/**
 * torch.cuda and torch.accelerator on a GPU: what they return and set. parity/devices.test.ts tests them without a GPU.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { expect } from 'chai';
import torch from 'torch-losses';

import { describeCuda } from '../cuda/gpu';
import { expectSample } from '../parity/parity';

const { cuda, accelerator } = torch;

describeCuda('functions of devices', () => {
  before(() => cuda.init());

  it('say of the build and of its kernels what Python says', () =>
    expectSample(
      {
        source:
          'r = [torch.cuda.get_arch_list(), torch.cuda.get_gencode_flags(), torch.cuda.is_tf32_supported()]',
        outputs: [
          'r',
          'sorted(torch.cuda.host_memory_stats())',
          'sorted(torch.cuda.memory_stats())',
        ],
      },
      () => [
        [cuda.get_arch_list(), cuda.get_gencode_flags(), cuda.is_tf32_supported()],
        Object.keys(cuda.host_memory_stats()),
        Object.keys(cuda.memory_stats()),
      ],
    ));

  it('run a function on a device, and on that of a tensor', () => {
    const last = cuda.device_count() - 1;
    const there = torch.ones(2, { device: `cuda:${last}` });
    const before = cuda.current_device();
    for (const run of [
      (inner: () => number) => cuda.device(last, inner),
      (inner: () => number) => cuda.device_of(there, inner),
      (inner: () => number) => accelerator.device_index(last, inner),
    ]) {
      expect(run(cuda.current_device)).to.equal(last);
      expect(cuda.current_device()).to.equal(before);
    }
    expect(cuda.device_of(torch.ones(2), cuda.current_device)).to.equal(before);
    expect(() => cuda.device(99, () => 0)).to.throw(torch.TorchError, 'invalid device ordinal');
    expect(() => cuda.device(300, () => 0)).to.throw(torch.TorchError, 'Overflow when unpacking');
    expect(cuda.current_device()).to.equal(before);
  });

  it('wait for devices, and refuse those that there are not', () => {
    for (const device of [null, 0, 'cuda', 'cuda:0']) {
      cuda.synchronize(device);
      accelerator.synchronize(device);
    }
    expect(() => cuda.synchronize(99)).to.throw(torch.TorchError, 'invalid device ordinal');
    expect(() => accelerator.synchronize('cpu')).to.throw(RangeError, "cpu doesn't match");
    expect(() => accelerator.memory_stats('cpu')).to.throw(RangeError, "cpu doesn't match");
    expect(() => cuda.memory_stats('cpu')).to.throw(RangeError, 'Expected a cuda device');
    expect(() => accelerator.set_device_index('cuda')).to.throw(RangeError, 'specified index');
  });

  it('count memory by name and in objects', () => {
    const held = torch.empty(1 << 20, { device: 'cuda' });
    const stats = cuda.memory_stats();
    expect(stats['allocated_bytes.all.current']).to.be.at.least(held.nbytes);
    const { allocated_bytes } = cuda.memory_stats_as_nested_dict() as {
      allocated_bytes: { all: { current: number } };
    };
    expect(allocated_bytes.all.current).to.equal(cuda.memory_allocated());
    expect(accelerator.memory_allocated('cuda')).to.equal(cuda.memory_allocated());
    expect(accelerator.get_memory_info()).to.have.length(2);
    expect(accelerator.memory_stats()).to.not.have.property('num_oom_rejections');
    accelerator.reset_peak_memory_stats();
    accelerator.reset_accumulated_memory_stats(0);
    expect(cuda.max_memory_allocated()).to.equal(cuda.memory_allocated());
    expect(cuda.memory_stats()['allocation.all.allocated']).to.equal(0);
  });

  it('count pinned memory, and give it back', () => {
    const pinned = torch.ones(1 << 20, { pin_memory: true });
    expect(cuda.host_memory_stats()['active_bytes.current']).to.be.at.least(pinned.nbytes);
    pinned.dispose();
    accelerator.empty_host_cache();
    cuda.reset_peak_host_memory_stats();
    cuda.reset_accumulated_host_memory_stats();
    const { num_host_alloc, host_alloc_time } = cuda.host_memory_stats_as_nested_dict();
    expect(num_host_alloc).to.be.a('number');
    expect(host_alloc_time).to.have.all.keys('total', 'max', 'min', 'count', 'avg');
  });

  it('are in use for all threads, once one has used them', async () => {
    const held = torch.empty(1 << 20, { device: 'cuda' });
    const code = `
      const { cuda } = require('torch-losses');
      require('node:worker_threads').parentPort.postMessage([cuda.is_initialized(), cuda.memory_allocated()]);`;
    const [[isInitialized, bytes]] = await once(new Worker(code, { eval: true }), 'message');
    expect(isInitialized).to.equal(true);
    expect(bytes).to.be.at.least(held.nbytes);
  });

  it('make streams and events as Python’s', () => {
    const [least, greatest] = cuda.Stream.priority_range();
    expect(least).to.equal(0);
    expect(greatest).to.be.within(-3, 0);
    expect(new cuda.Stream({ priority: greatest }).priority).to.equal(greatest);
    expect(new cuda.Stream(-1).device.index).to.equal(cuda.current_device());
    expect(cuda.current_stream(-1).equals(cuda.current_stream())).to.equal(true);
    expect(cuda.is_current_stream_capturing()).to.equal(false);
    const event = new cuda.Event(true, { blocking: true });
    expect(event.device).to.equal(null);
    expect(event.cuda_event).to.equal(0);
    event.record(null);
    expect(String(event.device)).to.equal(`cuda:${cuda.current_device()}`);
    expect(cuda.current_stream().record_event()).to.be.an.instanceOf(cuda.Event);
    for (const option of ['interprocess', 'external']) {
      expect(() => new cuda.Event({ [option]: true }))
        .to.throw(torch.TorchError, `${option} is not supported`)
        .with.property('pythonType', 'NotImplementedError');
    }
  });
});
