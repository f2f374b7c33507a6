/** The main file of a worker thread: gives the thread a default generator, then loads the rest. */
import { workerData } from 'node:worker_threads';

import { native } from '../../../bindings/native';
import type { WorkerData } from './messages';

// Before torch.default_generator is made.
const generator = native.new_generator('cpu');
native.generator_manual_seed(generator, BigInt.asIntN(64, (workerData as WorkerData).seed));
native.own_generator(generator);

require('../../../torch');
require('./worker');
