/** The warning about a GPU for which libtorch has no kernels. Python gets fake devices, so no GPU is needed. */
import { incompatibility } from '../../dist/cuda/architectures';
import { expectSample } from './parity';

const ARCHITECTURES = [
  ['sm_75', 'sm_80', 'sm_90', 'compute_90'],
  ['sm_100', 'sm_120a'],
  ['compute_70'],
  [],
];
const CAPABILITIES = [
  [7, 0],
  [7, 5],
  [8, 9],
  [9, 0],
  [10, 3],
  [12, 1],
] as const;

describe('parity: GPUs without kernels', () => {
  it('are warned of', () =>
    expectSample(
      {
        source: `
import warnings
from unittest.mock import patch
texts = []
for architectures in ${JSON.stringify(ARCHITECTURES)}:
    for capability in ${JSON.stringify(CAPABILITIES)}:
        with patch.object(torch.cuda, 'get_arch_list', lambda: architectures), \\
             patch.object(torch.cuda, 'device_count', lambda: 1), patch.object(torch.version, 'cuda', '13.0'), \\
             patch.object(torch.cuda, 'get_device_capability', lambda device: capability), \\
             patch.object(torch.cuda, 'get_device_name', lambda device: 'NVIDIA X'), \\
             warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            torch.cuda._check_cubins()
        texts.append(str(caught[0].message) if caught else None)`,
        outputs: ['texts'],
      },
      () => [
        ARCHITECTURES.flatMap((architectures) =>
          CAPABILITIES.map(
            ([major, minor]) => incompatibility('NVIDIA X', major, minor, architectures) ?? null,
          ),
        ),
      ],
    ));
});
