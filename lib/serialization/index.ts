/** `torch.load` and `torch.save`. */
export { type LoadOptions, load, type MapLocation } from './load';
export { save } from './save';
