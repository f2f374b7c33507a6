/** Tensors: factories, methods, properties. */
import torch, { type Tensor } from 'torch-losses';

export const x: Tensor = torch.randn(3, 5, { requires_grad: true });
torch.randn([3, 5]);
torch.empty(3, { dtype: torch.long }).random_(5);
torch.tensor([
  [1, 2],
  [3, 4],
]);
torch.tensor([true, false], { dtype: torch.bool });
torch.tensor(new Float32Array(3));
torch.full([3], 7);
torch.randint(1, 20, [16, 30], { dtype: torch.long });
torch.cat([x, x], 1);
torch.cat([x, x], { dim: 1 });
// @ts-expect-error a dtype is an object
torch.empty(3, { dtype: 'long' });
// @ts-expect-error no such option
torch.randn(3, { require_grad: true });
// @ts-expect-error a string is no size
torch.zeros('3');
// @ts-expect-error cat takes a list
torch.cat(x);

export const shape: number[] = x.shape;
export const grad: Tensor | null = x.grad;
export const chained: Tensor = x.mul(2).add(1, { alpha: 2 }).clamp(0, 1).sum(0);
export const smooth: Tensor = x.log_softmax(1);
x.add_(x).mul_(0.5).relu_();
x.sum({ dim: 0, keepdim: true });
x.view(15);
x.view(3, -1);
x.view([3, 5]);
x.reshape([15]);
x.backward({ retain_graph: true, gradient: x });
export let element: number = x.sum().item();
element += x.sum().item();
export const isEqual: boolean = x.equal(x) && torch.ones(1).gt(0).item<boolean>();
export const complex: torch.Complex = torch.tensor({ re: 1, im: 2 }).item<torch.Complex>();
export const later: Promise<number> = x.sum().itemAsync();
export const laterBoolean: Promise<boolean> = x.sum().gt(0).itemAsync<boolean>();
export const rows = x.tolist<number[][]>();
element += rows[0]![0]!;
export const flags: boolean[] = x.gt(0).tolist<boolean[]>();
export const cast = x.tolist() as number[][];
// @ts-expect-error an element is a number, unless it is said to be a boolean
export const unsaid: boolean = x.item();
// @ts-expect-error no element is a string
x.item<string>();
export const { values, indices } = x.topk(2);
export const results: Tensor[] = [values, indices];
// @ts-expect-error a string is no number
x.add('1');
// @ts-expect-error no such method
x.ad(1);
// @ts-expect-error no such option
x.backward({ retain: true });
// @ts-expect-error shapes are read-only
x.shape = [1];
export const count: number = x.length;
// @ts-expect-error Python's x[0] is x.index(0)
x[0];
// @ts-expect-error Python's x[0] = 1 is x.index_put_([0], 1)
x[0] = 1;
torch.tensor([new Float32Array(3), new Float32Array(3)]);
torch.tensor([[new Int32Array(3)], [new Int32Array(3)]], { dtype: torch.long });
// @ts-expect-error tensors have no arithmetic operators
export const sum = x * 2;
