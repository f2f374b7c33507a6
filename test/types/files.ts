/** Files: what is read and written. */
import torch, { nn, type Tensor } from 'torch-losses';

const { numpy } = torch.utils;

export const unknownValue: unknown = torch.load('x.pt');
export const state: Map<string, Tensor> = torch.load<Map<string, Tensor>>('x.pt', 'cpu');
torch.load(new Uint8Array(1), {
  map_location: { 'cuda:0': 'cpu' },
  mmap: null,
  weights_only: true,
});
// @ts-expect-error a pickle of other objects is never read
torch.load('x.pt', { weights_only: false });
// @ts-expect-error
torch.load(1);
torch.save({ state, list: [1, 'a'] }, 'x.pt');
// @ts-expect-error
torch.save(1);

export const model = torch.jit.load<[x: Tensor, times?: number], Tensor>('x.pt', {
  map_location: 'cpu',
});
export const y: Tensor = model(torch.ones(1), 2);
export const later: Promise<Tensor> = model.forwardAsync(torch.ones(1));
export const plain: nn.Module = model;
export const any: torch.jit.ScriptModule = torch.jit.load(new Uint8Array(1));
// @ts-expect-error
model('x');
// @ts-expect-error
torch.jit.save(new nn.Linear(1, 1), 'x.pt');

export const array: Tensor = numpy.load('x.npy', { mmap_mode: 'r' });
export const archive: torch.utils.numpy.NpzFile = numpy.load('x.npz');
export const either: Tensor | torch.utils.numpy.NpzFile = numpy.load('x' as string);
// @ts-expect-error
numpy.load('x.npy', { mmap_mode: 'r+' });
numpy.savez('x', array, { array });
export const opened: torch.safetensors.SafeOpen = torch.safetensors.safe_open('x', 'pt');
export const part: Tensor = opened.get_slice('x').index(torch.slice(0, 1));
