/** `torch.func`: functions of modules. See https://docs.pytorch.org/docs/stable/func.html */
export { type FunctionalCallOptions, functional_call, type NamedTensors } from './functional_call';
