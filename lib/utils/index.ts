/** `torch.utils`. */

/** Saves the state of a training, and continues from it. */
export * as checkpointing from './checkpointing';
/** Datasets, samplers and loaders. See https://docs.pytorch.org/docs/stable/data.html */
export * as data from './data';
/** Numpy's files: `load`, `save`, `savez`, `savez_compressed`. */
export * as numpy from './numpy';
/** Writes what TensorBoard shows. See https://docs.pytorch.org/docs/stable/tensorboard.html */
export * as tensorboard from './tensorboard';
