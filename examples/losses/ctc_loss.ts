import torch, { nn } from 'torch-losses';

torch.manual_seed(0);

const T = 50; // Input sequence length
const C = 20; // Number of classes (including blank)
const N = 16; // Batch size
const S = 30; // Target sequence length of longest target in batch (padding length)
const S_min = 10; // Minimum target length, for demonstration purposes
// Initialize random batch of input vectors, for *size = (T,N,C)
const input = torch.randn(T, N, C).log_softmax(2).detach().requires_grad_();
// Initialize random batch of targets (0 = blank, 1:C = classes)
const target = torch.randint(1, C, [N, S], { dtype: torch.long });
const input_lengths = torch.full([N], T, { dtype: torch.long });
const target_lengths = torch.randint(S_min, S, [N], { dtype: torch.long });
const ctc_loss = new nn.CTCLoss();
const loss = ctc_loss(input, target, input_lengths, target_lengths);
loss.backward();
console.log(loss);
console.log(input.grad);
