/** All losses of `torch.nn.modules.loss`. */
export { _Loss, _WeightedLoss } from './base';
export * from './binary';
export * from './classification';
export * from './ctc';
export * from './embedding';
export * from './linear';
export * from './linear_cross_entropy_options';
export * from './margin';
export * from './regression';
