/** `torch.nn.utils`. See https://docs.pytorch.org/docs/stable/nn.html#utilities */
import { onFirstUse } from '../../utils/on_first_use';
import type * as packed from './rnn';

export * from './clip_grad';

/** Packed and padded sequences, loaded on first use. */
export declare const rnn: typeof packed;
export declare namespace rnn {
  export type BatchFirstOption = packed.BatchFirstOption;
  export type PackedSequence = packed.PackedSequence;
  export type PackOptions = packed.PackOptions;
  export type PadOptions = packed.PadOptions;
  export type PadPackedOptions = packed.PadPackedOptions;
}
onFirstUse(exports, 'rnn', () => require('./rnn'));
