/** Every loss function of `torch.nn.functional`. */

export type { SignatureParameter } from '../../../dispatch/signature';
export * from './classification';
export type { LossFunction } from './definition';
export * from './embedding';
export type { LegacyReductionOptions, Reduction } from './reduction';
export * from './regression';
export type { DistanceFunction, Lengths } from './types';
