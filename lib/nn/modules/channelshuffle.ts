/** A layer that mixes groups of channels. Source: torch/nn/modules/channelshuffle.py. */
import { INT, required, Signature } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { channel_shuffle } from '../functional/vision';
import { Module } from './module';

const CHANNEL_SHUFFLE = new Signature('ChannelShuffle', { groups: required(INT) });

/**
 * Divides the channels into groups, and takes one of each group in turn.
 *
 * Shapes: input (N, C, *), output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
 */
export class ChannelShuffle extends Module<[input: Tensor], Tensor> {
  static readonly signature = CHANNEL_SHUFFLE.description;
  groups: number;

  constructor(groups: number | { groups: number });
  constructor(...args: unknown[]) {
    const { groups } = CHANNEL_SHUFFLE.read(args);
    super();
    this.groups = groups;
  }

  override forward(input: Tensor): Tensor {
    return channel_shuffle(input, this.groups);
  }

  override extra_repr(): string {
    return `groups=${this.groups}`;
  }
}
