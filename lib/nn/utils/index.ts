/** `torch.nn.utils`. See https://docs.pytorch.org/docs/stable/nn.html#utilities */
export * from './clip_grad';
export { parameters_to_vector, vector_to_parameters } from './convert_parameters';
/** Parametrizations of weights. */
export * as parametrizations from './parametrizations';
/** Parameters that are functions of others. */
export * as parametrize from './parametrize';
/** Packed and padded sequences. */
export * as rnn from './rnn';
export { remove_weight_norm, weight_norm } from './weight_norm';
