/** `torch.utils.tensorboard`. See https://docs.pytorch.org/docs/stable/tensorboard.html */
export { type ScalarValue, SummaryWriter, type SummaryWriterOptions } from './writer';
