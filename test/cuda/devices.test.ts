/** Devices: tensors and modules on them, copies, random numbers and memory, compared with Python. */
import { expect } from 'chai';
import torch, { nn, optim } from 'torch-losses';

import { askPython, expectSample } from '../parity/parity';
import { describeCuda } from './gpu';

const { cuda } = torch;

describeCuda('devices', () => {
  it('are what Python says they are', () =>
    expectSample(
      {
        source: `
p = torch.cuda.get_device_properties(0)
r = [torch.cuda.device_count(), torch.cuda.current_device(), torch.cuda.get_device_name(), list(torch.cuda.get_device_capability()), p.major, p.minor, p.total_memory, p.multi_processor_count, bool(p.is_integrated), bool(p.is_multi_gpu_board), p.max_threads_per_multi_processor, p.warp_size, p.regs_per_multiprocessor, p.shared_memory_per_block, p.shared_memory_per_block_optin, p.shared_memory_per_multiprocessor, p.L2_cache_size, str(p.uuid), torch.cuda.is_bf16_supported(), torch.cuda.mem_get_info()[1]]`,
        outputs: [
          'r',
          'str(torch.accelerator.current_accelerator())',
          'torch.backends.cudnn.version()',
        ],
      },
      () => {
        const p = cuda.get_device_properties(0);
        return [
          [
            cuda.device_count(),
            cuda.current_device(),
            cuda.get_device_name(),
            cuda.get_device_capability(),
            p.major,
            p.minor,
            p.total_memory,
            p.multi_processor_count,
            p.is_integrated,
            p.is_multi_gpu_board,
            p.max_threads_per_multi_processor,
            p.warp_size,
            p.regs_per_multiprocessor,
            p.shared_memory_per_block,
            p.shared_memory_per_block_optin,
            p.shared_memory_per_multiprocessor,
            p.L2_cache_size,
            p.uuid,
            cuda.is_bf16_supported(),
            cuda.mem_get_info()[1],
          ],
          String(torch.accelerator.current_accelerator()),
          torch.backends.cudnn.version(),
        ];
      },
    ));

  it('that are not there are refused as in Python', async () => {
    for (const [python, ours] of [
      ['torch.cuda.get_device_properties(99)', () => cuda.get_device_properties(99)],
      ['torch.cuda.get_device_name(-1)', () => cuda.get_device_name(-1)],
    ] as const) {
      await expectSample({ source: python, outputs: [] }, () => [ours()]);
    }
    expect(() => torch.ones(2, { device: 'cuda:99' })).to.throw(
      torch.TorchError,
      'invalid device ordinal',
    );
    expect(torch.ones(2, { device: 'cuda' }).add(1).tolist()).to.deep.equal([2, 2]);
  });

  it('hold tensors, from everywhere and back', () => {
    const x = torch.tensor([
      [1.5, 2],
      [3, 4],
    ]);
    for (const there of [
      x.cuda(),
      x.to('cuda:0'),
      x.to(0),
      x.to(torch.device('cuda', 0)),
      x.cuda(0),
    ]) {
      expect(String(there.device)).to.equal('cuda:0');
      expect(there.is_cuda).to.equal(true);
      expect(there.get_device()).to.equal(0);
      expect(there.cpu().tolist()).to.deep.equal(x.tolist());
      expect(there.toTypedArray()).to.deep.equal(x.toTypedArray());
    }
    expect(x.cuda().cuda().device.index).to.equal(0);
    expect(String(torch.ones(2, { device: 'cuda' }))).to.equal("tensor([1., 1.], device='cuda:0')");
  });

  it('take pinned memory, and copies that do not wait', () => {
    const pinned = torch.ones(1 << 20, { pin_memory: true });
    expect(pinned.is_pinned()).to.equal(true);
    expect(torch.ones(4).pin_memory().is_pinned()).to.equal(true);
    expect(torch.tensor([1.5], { pin_memory: true }).is_pinned()).to.equal(true);
    expect(torch.ones(4).is_pinned()).to.equal(false);
    const there = pinned.to('cuda', { non_blocking: true });
    expect(there.sum().item()).to.equal(1 << 20);
    const back = torch.empty(1 << 20, { pin_memory: true });
    back.copy_(there.mul(2), true);
    cuda.synchronize();
    expect(back.sum().item()).to.equal(2 << 20);
  });

  it('take modules and criteria with their buffers', () => {
    const criterion = new nn.CrossEntropyLoss({ weight: torch.tensor([1.5, 2, 3]) }).cuda();
    expect(criterion.weight!.is_cuda).to.equal(true);
    const model = new nn.Linear(4, 3).to('cuda');
    const loss = criterion(
      model(torch.randn(5, 4, { device: 'cuda' })),
      torch.tensor([0, 1, 2, 0, 1]).cuda(),
    );
    loss.backward();
    expect(model.weight.grad!.is_cuda).to.equal(true);
    expect(model.cpu().weight.is_cuda).to.equal(false);
    expect(() => criterion(torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1]))).to.throw(
      torch.TorchError,
      'same device',
    );
  });

  it('give Python’s random numbers', () =>
    expectSample(
      {
        source: `
torch.manual_seed(7); a = [torch.randn(5, device='cuda').cpu(), torch.rand(3, device='cuda').cpu(), torch.randint(0, 9, (4,), device='cuda').cpu()]
torch.cuda.manual_seed(8); b = torch.randn(3, device='cuda').cpu()
torch.cuda.manual_seed_all(9); c = torch.randperm(6, device='cuda').cpu()
g = torch.Generator('cuda').manual_seed(1); d = torch.randn(3, device='cuda', generator=g).cpu()`,
        outputs: ['a', 'b', 'c', 'd'],
      },
      () => {
        torch.manual_seed(7);
        const a = [
          torch.randn(5, { device: 'cuda' }).cpu(),
          torch.rand(3, { device: 'cuda' }).cpu(),
          torch.randint(0, 9, [4], { device: 'cuda' }).cpu(),
        ];
        cuda.manual_seed(8);
        const b = torch.randn(3, { device: 'cuda' }).cpu();
        cuda.manual_seed_all(9);
        const c = torch.randperm(6, { device: 'cuda' }).cpu();
        const generator = new torch.Generator({ device: 'cuda' }).manual_seed(1);
        return [a, b, c, torch.randn(3, { device: 'cuda', generator }).cpu()];
      },
    ));

  it('train as in Python, with the gradients of all parameters changed at once', () =>
    expectSample(
      {
        source: `
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)).cuda(); x = torch.randn(16, 6).cuda(); y = (torch.arange(16) % 3).cuda()
o = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)
s = torch.amp.GradScaler('cuda', growth_interval=2); trace = []
for step in range(6):
    o.zero_grad()
    with torch.autocast('cuda', dtype=torch.float16): loss = F.cross_entropy(net(x), y)
    s.scale(loss).backward(); s.step(o); s.update()
    trace.append([loss.detach().cpu(), s.get_scale()])
weights = [p.detach().cpu() for p in net.parameters()]; grads = [p.grad.cpu() for p in net.parameters()]`,
        outputs: ['trace', 'weights', 'grads'],
      },
      () => {
        torch.manual_seed(0);
        const net = new nn.Sequential(
          new nn.Linear(6, 8),
          new nn.ReLU(),
          new nn.Linear(8, 3),
        ).cuda();
        const x = torch.randn(16, 6).cuda();
        const y = torch.arange(16).remainder(3).cuda();
        const optimizer = new optim.SGD(net.parameters(), {
          lr: 0.1,
          momentum: 0.9,
          nesterov: true,
          weight_decay: 0.01,
        });
        const scaler = new torch.amp.GradScaler('cuda', { growth_interval: 2 });
        const trace: unknown[] = [];
        for (let step = 0; step < 6; step++) {
          optimizer.zero_grad();
          const loss = torch.autocast('cuda', { dtype: torch.float16 }, () =>
            nn.functional.cross_entropy(net(x), y),
          );
          scaler.scale(loss).backward();
          scaler.step(optimizer);
          scaler.update();
          trace.push([loss.detach().cpu(), scaler.get_scale()]);
        }
        const parameters = [...net.parameters()];
        return [
          trace,
          parameters.map((parameter) => parameter.detach().cpu()),
          parameters.map((parameter) => parameter.grad!.cpu()),
        ];
      },
    ));

  it('name their statistics as Python does', async () => {
    torch.ones(2, { device: 'cuda' });
    const names = (await askPython(
      "torch.ones(2, device='cuda'); names = list(torch.cuda.memory_stats())",
      ['names'],
    )) as [string[]];
    expect(Object.keys(cuda.memory_stats())).to.deep.equal(names[0]);
  });
});

describeCuda(
  'two devices',
  () => {
    it('take turns as the current one, and copy to each other', () => {
      const before = cuda.current_device();
      const there = cuda.device(1, () => torch.ones(3, { device: 'cuda' }));
      expect(there.device.index).to.equal(1);
      expect(cuda.current_device()).to.equal(before);
      expect(there.to('cuda:0').add(1).tolist()).to.deep.equal([2, 2, 2]);
      expect(cuda.can_device_access_peer(0, 1)).to.be.a('boolean');
      cuda.set_device(1);
      expect(torch.ones(1, { device: 'cuda' }).device.index).to.equal(1);
      cuda.set_device(0);
      const criterion = new nn.MSELoss();
      const other = torch.ones(3, { device: 'cuda:0' });
      expect(() => criterion(there, other)).to.throw(torch.TorchError, 'same device');
      expect(there.grad).to.equal(null);
    });
  },
  2,
);
