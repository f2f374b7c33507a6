/** `torch.nn.utils`. See https://docs.pytorch.org/docs/stable/nn.html#utilities */
export * from './clip_grad';
