/** `torch.nn.modules`: the layers and losses, and the hooks of all modules as `torch.nn.modules.module` has them. */

export * as module from './global_hooks';
export * from './index';
