/**
 * torch-losses: the loss functions of `torch.nn` on libtorch, with the tensors, modules and optimizers that they need.
 *
 * `import torch, { nn } from 'torch-losses'`, or `const torch = require('torch-losses')`.
 */
import * as torch from './torch';

/** Loads all that would be loaded on first use. */
function loadAll(namespace: object, seen = new Set<object>()): void {
  if (seen.has(namespace)) return;
  seen.add(namespace);
  for (const value of Object.values(namespace)) {
    if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__esModule'))
      loadAll(value, seen);
  }
}

// After `jest.resetModules()`, Jest would load the rest of this copy of the package as parts of another copy.
if (process.env['JEST_WORKER_ID'] !== undefined) loadAll(torch);

export * from './torch';
export { torch as default };
