/**
 * torch-losses: the loss functions of `torch.nn` on libtorch, with the tensors, modules and optimizers that they need.
 *
 * `import torch, { nn } from 'torch-losses'`, or `const torch = require('torch-losses')`.
 */
import * as torch from './torch';
import { loadAllUnderJest } from './utils/load_all';

loadAllUnderJest(() => torch);

export * from './torch';
export { torch as default };
