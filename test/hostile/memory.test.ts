/** Requests for more memory than there is throw an error, and the process continues. */
import { expect } from 'chai';
import torch from 'torch-losses';

import { runProgram } from './processes';

const codeOf = (body: () => unknown): string => {
  try {
    body();
  } catch (error) {
    const { name, code } = error as { name: string; code: string };
    return `${name} ${code}`;
  }
  return 'nothing was thrown';
};

describe('a request of petabytes', () => {
  const wide = torch.ones(1).expand(2 ** 50);

  // Python raises RuntimeError for CPU memory.
  it('is RuntimeError, as in Python, where libtorch allocates', () => {
    for (const request of [
      () => torch.empty(2 ** 50),
      () => torch.zeros(2 ** 20, 2 ** 30),
      () => torch.arange(2 ** 50),
      () => torch.ones(2).repeat(2 ** 50),
      () => wide.clone(),
      () => torch.nn.functional.mse_loss(wide, wide, { reduction: 'none' }),
    ]) {
      expect(codeOf(request)).to.equal('TorchError ERR_TORCH_RUNTIME');
    }
  });

  it('is OutOfMemoryError where JavaScript does', () => {
    expect(codeOf(() => wide.tolist())).to.equal('TorchError ERR_TORCH_OUT_OF_MEMORY');
    expect(codeOf(() => wide.toTypedArray())).to.equal('TorchError ERR_TORCH_OUT_OF_MEMORY');
    const lists = torch.ones(1).expand(2 ** 25, 1, 1, 1, 1, 1);
    expect(codeOf(() => lists.tolist())).to.equal('TorchError ERR_TORCH_OUT_OF_MEMORY');
  });

  it('is an error of sizes where 64 bits do not hold them', () => {
    expect(codeOf(() => torch.empty(2 ** 40, 2 ** 40))).to.equal('TorchError ERR_TORCH_RUNTIME');
  });

  it('rejects where the call is asynchronous', async () => {
    const error: unknown = await torch.ops.aten.clone
      .async(wide)
      .catch((thrown: unknown) => thrown);
    expect(error).to.include({ name: 'TorchError', code: 'ERR_TORCH_RUNTIME' });
  });

  it('leaves nothing behind', () => {
    const before = torch.memoryStats().devices['cpu']!.live_bytes;
    codeOf(() => torch.empty(2 ** 50));
    expect(torch.memoryStats().devices['cpu']!.live_bytes).to.equal(before);
    expect(torch.ones(2).sum().item()).to.equal(2);
  });
});

describe('a limit on the address space', () => {
  const LIMITED = `
    const kept = [];
    let error;
    const MB = 2 ** 18;
    try { for (;;) kept.push(GROW); } catch (thrown) { error = thrown; }
    const held = kept.length;
    for (const tensor of kept.splice(0)) tensor.dispose();
    const again = torch.ones(64 * MB).sum().item();
    const x = torch.ones(64, 64, { requires_grad: true });
    F.mse_loss(x, x.detach()).backward();
    console.log(error.name, error.code, held > 1, again === 64 * MB, x.grad.numel());`;

  // Memory that is never written to is not really allocated.
  for (const [what, grow] of [
    ['tensors', 'torch.empty(64 * MB)'],
    ['graphs', 'torch.empty(16 * MB, { requires_grad: true }).exp()'],
    [
      'losses without reduction',
      `F.l1_loss(torch.empty(16 * MB), torch.empty(16 * MB), { reduction: 'none' })`,
    ],
  ]) {
    it(`that ${what} fill is an error, and what is freed serves again`, async () => {
      const { output, errors, how } = await runProgram(LIMITED.replace('GROW', grow!), {
        kilobytes: 4 * 2 ** 20,
      });
      expect(how, errors).to.equal(0);
      expect(output).to.equal('TorchError ERR_TORCH_RUNTIME true true 4096');
    }).timeout(90_000);
  }
});
