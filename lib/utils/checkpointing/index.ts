/** `torch.utils.checkpointing`: saves the state of a training, and continues from it. It is this package's own. */
export { Checkpointer, type CheckpointerOptions, type Stateful } from './checkpointer';
