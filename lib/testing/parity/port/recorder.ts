import path from 'node:path';

import { PACKAGE_ROOT } from '../../../bindings/libtorch/folders';

/** The file that a Python program records with. */
export const RECORDER = path.join(PACKAGE_ROOT, 'lib', 'testing', 'parity', 'torch_losses_run.py');
