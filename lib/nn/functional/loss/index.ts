/** Every loss function of `torch.nn.functional`. */
export * from './classification';
export type {
  DistanceFunction,
  LegacyReductionOptions,
  Lengths,
  LossFunction,
  Reduction,
  SignatureParameter,
} from './definition';
export * from './embedding';
export * from './regression';
