/** `torch.nn`. See https://docs.pytorch.org/docs/stable/nn.html */
export * as functional from './functional';
export * as init from './init';
export * from './modules';
export * as modules from './modules/namespace';
export * as parallel from './parallel';
export { Parameter } from './parameter';
export * as utils from './utils';
