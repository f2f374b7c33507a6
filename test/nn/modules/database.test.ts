/** Modules against Python in all cases of PyTorch's own database of modules. */
import { checkModules } from './database';

describe('modules of PyTorch’s database', () => {
  describe('linear and sparse', () => checkModules(['Linear', 'Bilinear', 'Embedding']));

  describe('recurrent layers', () =>
    checkModules(['RNN', 'LSTM', 'GRU'], /^\[\[\[.*"float": "[35]\.0"/));
  describe('recurrent cells', () =>
    checkModules(['RNNCell', 'LSTMCell', 'GRUCell'], /^\[\[\[10, 20, "(relu|tanh)"\]/));
  describe('attention', () =>
    checkModules([
      'MultiheadAttention',
      'TransformerEncoderLayer',
      'TransformerDecoderLayer',
      'TransformerEncoder',
      'Transformer',
    ]));
});
