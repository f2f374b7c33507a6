import path from 'node:path';

import { PACKAGE_ROOT } from '../../../bindings/libtorch/folders';

/** The path of the module with which a Python program records a run. */
export const RECORDER = path.join(PACKAGE_ROOT, 'lib', 'testing', 'parity', 'torch_losses_run.py');
