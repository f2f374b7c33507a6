/** Compares modules with Python in all cases of PyTorch's own database of modules. */
import { compareCases } from '../cases';

// The database needs none of the modules that stand in for others here, and some of them need packages that are missing.
const DATABASE = `
import sys
from unittest.mock import MagicMock
def database():
    names = ['torch.testing._internal.common_' + n for n in ('cuda', 'device_type', 'methods_invocations', 'nn', 'utils')]
    before = {name: sys.modules.get(name) for name in names}
    for name in names: sys.modules[name] = MagicMock(_TestParametrizer=object)
    from torch.testing._internal import common_modules
    for name, module in before.items():
        if module is None: del sys.modules[name]
        else: sys.modules[name] = module
    return {i.name: i for i in common_modules.module_db}
def inputs(name, dtype, training):
    info = database()[name]
    given = dict(device='cpu', dtype=dtype, requires_grad=True, training=training)
    found = info.module_inputs_func(info, **given)
    wrong = info.module_error_inputs_func(info, **given) if info.module_error_inputs_func else []
    return [(i.constructor_input, i.forward_input) for i in [*found, *(w.module_error_input for w in wrong)]]
`;

/**
 * Defines a test for each module: all of its cases in the database, and those that must fail, in training and
 * evaluation, in float32 and float64.
 *
 * @param untyped - see {@link compareCases}
 */
export function checkModules(names: readonly string[], untyped?: RegExp): void {
  for (const name of names) {
    it(name, async function () {
      this.timeout(300_000);
      const count = await compareCases(`nn.${name}`, DATABASE, untyped);
      this.test!.title += `: ${count} cases`;
    });
  }
}
