/**
 * torch-losses: the loss functions of `torch.nn`, and what they stand on, on libtorch.
 *
 * `import torch, { nn } from 'torch-losses'`, or `const torch = require('torch-losses')`.
 */
import * as torch from './torch';

export * from './torch';
export { torch as default };
