/** Pooling: one element for each window. */
export {
  adaptive_avg_pool1d,
  adaptive_avg_pool2d,
  adaptive_avg_pool3d,
  adaptive_max_pool1d,
  adaptive_max_pool2d,
  adaptive_max_pool3d,
} from './adaptive';
export {
  type AvgPool1dOptions,
  type AvgPoolOptions,
  avg_pool1d,
  avg_pool2d,
  avg_pool3d,
  type LPPoolOptions,
  lp_pool1d,
  lp_pool2d,
  lp_pool3d,
} from './average';
export {
  type FractionalMaxPoolOptions,
  fractional_max_pool2d,
  fractional_max_pool3d,
  type Ratio,
} from './fractional';
export { type MaxPoolOptions, max_pool1d, max_pool2d, max_pool3d } from './maximum';
export type { IndicesOption, WithIndices } from './parameters';
export { type MaxUnpoolOptions, max_unpool1d, max_unpool2d, max_unpool3d } from './unpooling';
