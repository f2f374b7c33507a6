/** `torch.nn.utils`. See https://docs.pytorch.org/docs/stable/nn.html#utilities */
import { namesOnFirstUse, onFirstUse } from '../../utils/on_first_use';
import type * as vectors from './convert_parameters';
import type * as weightNorms from './parametrizations';
import type * as registrations from './parametrize';
import type * as packed from './rnn';
import type * as olderWeightNorm from './weight_norm';

export * from './clip_grad';

// The others are loaded on first use.
export declare const parameters_to_vector: typeof vectors.parameters_to_vector;
export declare const vector_to_parameters: typeof vectors.vector_to_parameters;

export declare const weight_norm: typeof olderWeightNorm.weight_norm;
export declare const remove_weight_norm: typeof olderWeightNorm.remove_weight_norm;
namesOnFirstUse(exports, [
  [() => require('./convert_parameters'), 'parameters_to_vector vector_to_parameters'],
  [() => require('./weight_norm'), 'weight_norm remove_weight_norm'],
]);

/** Packed and padded sequences. */
export declare const rnn: typeof packed;
export declare namespace rnn {
  export type BatchFirstOption = packed.BatchFirstOption;
  export type PackedSequence = packed.PackedSequence;
  export type PackOptions = packed.PackOptions;
  export type PadOptions = packed.PadOptions;
  export type PadPackedOptions = packed.PadPackedOptions;
}
onFirstUse(exports, 'rnn', () => require('./rnn'));

/** Parameters that are functions of others. */
export declare const parametrize: typeof registrations;
export declare namespace parametrize {
  export type Parametrization = registrations.Parametrization;
  export type ParametrizationList = registrations.ParametrizationList;
}
onFirstUse(exports, 'parametrize', () => require('./parametrize'));

/** Parametrizations of weights. */
export declare const parametrizations: Pick<
  typeof weightNorms,
  'orthogonal' | 'spectral_norm' | 'weight_norm'
>;
export declare namespace parametrizations {
  export type OrthogonalMap = weightNorms.OrthogonalMap;
  export type OrthogonalOptions = weightNorms.OrthogonalOptions;
  export type SpectralNormOptions = weightNorms.SpectralNormOptions;
}
onFirstUse(exports, 'parametrizations', () => {
  const { orthogonal, spectral_norm, weight_norm } = require('./parametrizations');
  return { orthogonal, spectral_norm, weight_norm };
});
