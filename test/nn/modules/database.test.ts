/** Modules against Python in all cases of PyTorch's own database of modules. */
import { checkModules } from './database';

const dims = (name: string): string[] => [1, 2, 3].map((count) => `${name}${count}d`);

describe('modules of PyTorch’s database', () => {
  describe('linear and sparse', () => checkModules(['Linear', 'Bilinear', 'Embedding']));

  describe('convolutions', () => checkModules([...dims('Conv'), ...dims('ConvTranspose')]));

  describe('pooling', () =>
    checkModules([
      ...dims('MaxPool'),
      ...dims('AvgPool'),
      ...dims('LPPool'),
      ...dims('AdaptiveAvgPool'),
      ...dims('AdaptiveMaxPool'),
      'FractionalMaxPool2d',
      'FractionalMaxPool3d',
    ]));

  describe('padding', () =>
    checkModules([
      ...dims('ReflectionPad'),
      ...dims('ReplicationPad'),
      ...dims('ZeroPad'),
      ...dims('CircularPad'),
      ...dims('ConstantPad'),
    ]));

  describe('normalizations', () =>
    checkModules([
      ...dims('BatchNorm'),
      ...dims('InstanceNorm'),
      'GroupNorm',
      'LayerNorm',
      'RMSNorm',
      'LocalResponseNorm',
    ]));

  describe('activations', () =>
    checkModules([
      'CELU',
      'ELU',
      'GELU',
      'GLU',
      'Hardshrink',
      'Hardswish',
      'Hardtanh',
      'LeakyReLU',
      'LogSigmoid',
      'LogSoftmax',
      'Mish',
      'PReLU',
      'ReLU',
      'ReLU6',
      'SELU',
      'SiLU',
      'Sigmoid',
      'Softmax',
      'Softmax2d',
      'Softmin',
      'Softplus',
      'Softshrink',
      'Softsign',
      'Tanh',
      'Tanhshrink',
      'Threshold',
    ]));

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
