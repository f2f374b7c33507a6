/** Modules: calls, options, subclasses, containers. */
import torch, { nn, type Tensor } from 'torch-losses';

declare const x: Tensor;

// --- instances are functions, typed as their forward ----------------------------------------------------------------

const linear = new nn.Linear(2, 3);
export const called: Tensor = linear(x);
export const forwarded: Tensor = linear.forward(x);
export const viaCall: Tensor = linear.call(null, x);
export const viaBind: Tensor = linear.bind(null)(x);
export const asFunction: (input: Tensor) => Tensor = linear;
// @ts-expect-error a string is no tensor
linear('nonsense');
// @ts-expect-error it takes one argument
linear(x, x);
// @ts-expect-error it takes one argument
linear();
// @ts-expect-error the result is a tensor
export const wrong: number = linear(x);

// --- constructors ---------------------------------------------------------------------------------------------------

new nn.Linear(2, 3, { bias: false, dtype: torch.float64, device: 'cpu' });
new nn.Linear(2, 3, { bias: undefined, dtype: null, device: torch.device('cpu') });
new nn.Embedding(10, 3, { padding_idx: null, max_norm: 1, norm_type: 1, sparse: true });
new nn.Softmax({ dim: 1 });
new nn.Identity(1, 'anything');
// @ts-expect-error out_features is missing
new nn.Linear(2);
new nn.Linear(2, 3, false);
new nn.Linear(2, 3, false, { dtype: torch.float64 });
new nn.Linear(2, 3, false, 'cpu', torch.float64);
new nn.Bilinear(2, 3, 4, true, { device: 'cpu' });
new nn.Dropout(0.1);
new nn.Dropout(0.1, true);
new nn.Dropout({ p: undefined });
new nn.Softmax(1);
new nn.Softmax(null);
new nn.LeakyReLU(0.2);
new nn.LeakyReLU(0.2, { inplace: true });
new nn.GELU('tanh');
new nn.Flatten(0, -1);
new nn.Unflatten(0, [2, 3]);
new nn.Embedding(10, 3, 0, 1.5);
nn.Embedding.from_pretrained(x, false, 0);
new nn.PairwiseDistance(1, 1e-3, true);
new nn.CosineSimilarity(0);
new nn.AdaptiveLogSoftmaxWithLoss(2, 9, [4], 2, true);
export const classes: (new (...args: never) => nn.Module)[] = [
  nn.Conv2d,
  nn.Dropout,
  nn.Linear,
  nn.HuberLoss,
];
// @ts-expect-error a number
new nn.Dropout('0.1');
// @ts-expect-error the bias is a boolean
new nn.Linear(2, 3, 1);
// @ts-expect-error one of two words
new nn.GELU('erf');
// @ts-expect-error no such option
new nn.Dropout(0.1, { q: 0.1 });
// @ts-expect-error it takes two at most
new nn.Softplus(1, 2, 3);
// @ts-expect-error no such option
new nn.Linear(2, 3, { biass: false });
// @ts-expect-error a dtype is an object
new nn.Linear(2, 3, { dtype: 'float32' });
// @ts-expect-error an option of another type
new nn.ReLU({ inplace: 1 });
// @ts-expect-error one of two words
new nn.GELU({ approximate: 'erf' });
// @ts-expect-error it takes nothing
new nn.Sigmoid({ dim: 1 });

// --- layers ---------------------------------------------------------------------------------------------------------

new nn.Conv2d(3, 8, 3);
new nn.Conv2d(3, 8, [3, 5], 2, 1);
new nn.Conv2d(3, 8, 3, { padding: 'same', padding_mode: 'circular', bias: false });
new nn.Conv2d(3, 8, 3, 2, { padding: 1, dtype: torch.float64 });
new nn.Conv1d(3, 8, 3, 1, 0, 1, 1, true, 'zeros', 'cpu', torch.float64);
// @ts-expect-error the kernel is missing
new nn.Conv2d(3, 8);
// @ts-expect-error no such padding
new nn.Conv2d(3, 8, 3, { padding: 'full' });
// @ts-expect-error no such option
new nn.Conv2d(3, 8, 3, { output_padding: 1 });
export const upsampled: Tensor = new nn.ConvTranspose2d(8, 3, 2, { stride: 2 })(x, [9, 9]);
new nn.ConvTranspose2d(8, 3, 2, 2)(x, { output_size: [9, 9] });
export const pooled: Tensor = new nn.MaxPool2d(2)(x);
export const [largest, places]: [Tensor, Tensor] = new nn.MaxPool2d(2, { return_indices: true })(x);
export const unpooled: Tensor = new nn.MaxUnpool2d(2)(largest, places, { output_size: [4, 4] });
export const adapted: Tensor = new nn.AdaptiveAvgPool2d([null, 7])(x);
export const conv: nn.Conv2d = new nn.Conv2d(3, 8, 3);
export const weight: nn.Parameter = conv.weight;
export const generic: nn.MaxPool2d<true> = new nn.MaxPool2d(2, 2, 0, 1, true);
class Block extends nn.Conv2d {
  override forward(input: Tensor): Tensor {
    return super.forward(input).relu();
  }
}
new Block(3, 8, 3);
new nn.BatchNorm2d(8, { momentum: null, bias: false });
new nn.BatchNorm2d(8, 1e-5, null, true, true, 'cpu');
new nn.GroupNorm(2, 8, 1e-5, { affine: false });
new nn.LayerNorm([3, 4], 1e-5, true, false);
new nn.LayerNorm(4, { bias: false });
new nn.RMSNorm(4, null);
new nn.ZeroPad2d([1, 2, 0, 1]);
new nn.ConstantPad1d(1, 2.5);
new nn.EmbeddingBag(10, 3, { mode: 'sum' })(x, x);
new nn.PReLU(3, { init: 0.1 });
new nn.Hardtanh(-2, 2);
// @ts-expect-error one of three words
new nn.EmbeddingBag(10, 3, { mode: 'min' });
// @ts-expect-error the value is missing
new nn.ConstantPad1d(1);
// @ts-expect-error a tensor, not a pair
export const noPair: [Tensor, Tensor] = new nn.MaxPool2d(2)(x);

export const convolved: Tensor = nn.functional.conv2d(x, x, null, 1, 'same');
export const padded: Tensor = nn.functional.pad(x, [1, 1], 'constant', 2);
export const maximum: Tensor = nn.functional.max_pool2d(x, 2, { stride: 1 });
export const pair: [Tensor, Tensor] = nn.functional.max_pool2d(x, 2, { return_indices: true });
export const normalized: Tensor = nn.functional.layer_norm(x, [3], { eps: 0.1 });
// @ts-expect-error no such mode
nn.functional.pad(x, [1, 1], 'mirror');

// --- subclasses -----------------------------------------------------------------------------------------------------

class WithArguments extends nn.Module<[input: Tensor, scale: number], Tensor> {
  override forward(input: Tensor, scale: number): Tensor {
    return input.mul(scale);
  }
}

class WithForward extends nn.Module {
  inner = new WithArguments();
  scale = new nn.Parameter(torch.ones(1));

  override forward(input: Tensor, options: { scale?: number } = {}): [Tensor, number] {
    const { scale = 1 } = options;
    return [this.inner(input, scale).mul(this.scale), scale];
  }
}

export const typed: Tensor = new WithArguments()(x, 2);
// @ts-expect-error the scale is missing
new WithArguments()(x);
// @ts-expect-error the scale is a number
new WithArguments()(x, x);

export const [product, scale] = new WithForward()(x, { scale: 2 });
export const productIsTensor: Tensor = product;
export const scaleIsNumber: number = scale;
new WithForward()(x);
// @ts-expect-error no such option
new WithForward()(x, { scales: 2 });

class Mistyped extends nn.Module<[Tensor], Tensor> {
  // @ts-expect-error forward takes other arguments than the class says
  override forward(input: string): Tensor {
    return torch.ones(input.length);
  }
}

// Every module can be assigned to Module and called.
export const anyModule: nn.Module = new WithArguments();
anyModule(x, 2);
export const several: nn.Module[] = [linear, new WithForward(), new nn.MSELoss(), new Mistyped()];

// --- what modules have ----------------------------------------------------------------------------------------------

for (const [name, parameter] of linear.named_parameters()) {
  const text: string = name;
  const isParameter: nn.Parameter = parameter;
  void [text, isParameter];
}
linear.named_parameters({ prefix: 'p', recurse: false });
linear.named_parameters('p', false);
export const state: Map<string, Tensor> = linear.state_dict();
linear.load_state_dict(state, { strict: false });
linear.load_state_dict({ weight: x });
export const same: nn.Linear = linear.to('cpu').double().eval().requires_grad_(false);
export const applied: nn.Linear = linear.apply((module) => module.train());
linear.weight = new nn.Parameter(x);
linear.bias = null;
// @ts-expect-error a plain tensor is no parameter
linear.weight = x;
// @ts-expect-error apply takes a function
linear.apply(null, [x]);
// @ts-expect-error no such option
linear.state_dict({ keep: true });
linear.to(0); // the number of an accelerator
// @ts-expect-error a boolean is no device
linear.to(true);

// --- containers -----------------------------------------------------------------------------------------------------

const network = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU());
export const output: Tensor = network(x);
new nn.Sequential({ hidden: linear, act: new nn.ReLU() });
export const layer: nn.Module | undefined = network[0];
export const first: nn.Module = network.at(0);
for (const module of network) module.eval();
new nn.ModuleList([linear]).append(new nn.ReLU());
new nn.ModuleDict({ linear }).get('linear');
// @ts-expect-error a tensor is no module
new nn.Sequential(x);
// @ts-expect-error Sequential takes one argument
network(x, x);
// @ts-expect-error a list is not called
new nn.ModuleList()(x);

const { output: logProbability, loss } = new nn.AdaptiveLogSoftmaxWithLoss(2, 9, [4])(x, x);
export const both: Tensor[] = [logProbability, loss];
// @ts-expect-error cutoffs are a list
new nn.AdaptiveLogSoftmaxWithLoss(2, 9, 4);

// --- sequences ------------------------------------------------------------------------------------------------------

const lstm = new nn.LSTM(2, 3, 1, { bidirectional: true });
export const [steps, [hidden, cell]] = lstm(x, [x, x]);
export const tensors: Tensor[] = [steps, hidden, cell];
const packed = nn.utils.rnn.pack_sequence([x]);
export const packedSteps: nn.utils.rnn.PackedSequence = lstm(packed)[0];
export const gated: Tensor = new nn.GRU(2, 3)(x, { hx: x })[1];
export const stepped: Tensor = new nn.RNNCell(2, 3)(x);
// @ts-expect-error the state is a pair
lstm(x, x);
// @ts-expect-error one of two words
new nn.RNN(2, 3, { nonlinearity: 'gelu' });
// @ts-expect-error only an LSTM has projections
new nn.GRU(2, 3, { proj_size: 1 });

const attention = new nn.MultiheadAttention(4, 2, { batch_first: true });
export const [attended, weights]: [Tensor, Tensor | null] = attention(x, x, x, x, {
  need_weights: false,
});
// @ts-expect-error no such option
attention(x, x, x, { mask: x });
// @ts-expect-error given twice
attention(x, x, x, x, { key_padding_mask: x });
export const transformed: Tensor = new nn.Transformer({ d_model: 8 })(x, x, { tgt_mask: x });
export const later: Promise<Tensor> = linear.forwardAsync(x, {
  signal: new AbortController().signal,
});
linear.register_forward_hook((module, [input], output: Tensor) => {
  const layerOfHook: nn.Linear = module;
  return [layerOfHook, input, output][2];
});
export const parametrized: nn.Linear = nn.utils.parametrizations.weight_norm(new nn.Linear(2, 3));
export const parameterList: nn.ParameterList = new nn.ParameterList([x]);
export const parameter: nn.Parameter = parameterList.at(0);
