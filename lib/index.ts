export * from './dtype';
export { Tensor } from './tensor';
