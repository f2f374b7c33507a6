/** A layer that mixes groups of channels. Source: torch/nn/modules/channelshuffle.py. */
import { INT, required } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { channel_shuffle } from '../functional/vision';
import { attributeLayer } from './layer';

const CHANNEL_SHUFFLE = { groups: required(INT) };

/**
 * Divides the channels into groups, and takes one of each group in turn.
 *
 * Shapes: input (N, C, *), output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
 */
export class ChannelShuffle extends attributeLayer<
  [groups: number | { groups: number }],
  typeof CHANNEL_SHUFFLE
>('ChannelShuffle', CHANNEL_SHUFFLE) {
  override forward(input: Tensor): Tensor {
    return channel_shuffle(input, this.groups);
  }

  override extra_repr(): string {
    return `groups=${this.groups}`;
  }
}
