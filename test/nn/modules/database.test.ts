/** Modules against Python in all cases of PyTorch's own database of modules. */
import { checkModules } from './database';

describe('modules of PyTorch’s database', () => {
  describe('linear and sparse', () => checkModules(['Linear', 'Bilinear', 'Embedding']));
});
