/** torch.cuda.memory_summary, compared with Python for the same statistics. No GPU is needed. */
import { expect } from 'chai';
import torch from 'torch-losses';

import { summaryOf } from '../../dist/cuda/memory_summary';
import { expectSample } from '../parity/parity';

const ARRAYS = [
  ...['allocated_bytes', 'active_bytes', 'requested_bytes', 'reserved_bytes'],
  ...['inactive_split_bytes', 'allocation', 'active', 'segment', 'inactive_split'],
];
const COLUMNS = ['current', 'peak', 'allocated', 'freed'];

/** Returns statistics with numbers of all magnitudes, including the limits of units. */
function statistics(seed: number): Record<string, number> {
  const names = [
    ...ARRAYS.flatMap((array) => ['all', 'large_pool', 'small_pool'].map((p) => `${array}.${p}`)),
    'oversize_allocations',
    'oversize_segments',
  ].flatMap((name) => COLUMNS.map((column) => `${name}.${column}`));
  let state = seed;
  const next = (): number => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const limits = [0, 786431, 786432, 805306368, 749999, 750000, 750000000, 2 ** 50];
  const value = (): number =>
    next() < 0.3 ? limits[Math.floor(next() * limits.length)]! : Math.floor(10 ** (15 * next()));
  const entries = [...names, 'num_ooms', 'num_alloc_retries'].map((name) => [name, value()]);
  return Object.fromEntries(entries) as Record<string, number>;
}

const WITHOUT_GPU = torch.backends.cuda.is_built() ? 'no NVIDIA driver' : 'not compiled with CUDA';

describe('torch.cuda.memory_summary', () => {
  for (const abbreviated of [false, true]) {
    it(`is Python's table${abbreviated ? ', abbreviated' : ''}`, () => {
      const all = Array.from({ length: 20 }, (_, i) => statistics(i + 1));
      return expectSample(
        {
          source: `
import torch.cuda.memory as memory
from unittest.mock import patch
tables = []
for i, stats in enumerate(${JSON.stringify(all)}):
    with patch.object(memory, 'memory_stats', lambda device=None: stats), \\
         patch.object(memory, '_get_device_index', lambda device, optional=False: device):
        tables.append(memory.memory_summary(i, ${abbreviated ? 'True' : 'False'}))`,
          outputs: ['tables'],
        },
        () => [all.map((stats, i) => summaryOf(stats, i, abbreviated))],
      );
    });
  }

  it('takes its arguments by place or by name', () => {
    const { memory_summary } = torch.cuda;
    const calls = [
      () => memory_summary(0, true),
      () => memory_summary({ device: 'cuda:0', abbreviated: true }),
    ];
    for (const call of calls) {
      if (torch.cuda.is_available()) expect(call()).to.include('Allocated memory');
      else expect(call).to.throw(WITHOUT_GPU);
    }
  });

  it('refuses other arguments', () => {
    const { memory_summary } = torch.cuda;
    expect(() => memory_summary(0, 3 as never)).to.throw(TypeError, "argument 'abbreviated'");
    expect(() => memory_summary({ short: true } as never)).to.throw(TypeError, "'short'");
  });
});
