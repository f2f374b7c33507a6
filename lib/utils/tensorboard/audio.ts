/** Makes WAV files of tensors. Source: torch/utils/tensorboard/summary.py. */
import { assertionError } from '../../bindings/errors';
import { warn } from '../../bindings/warnings';
import { int16 } from '../../tensor/dtype';
import type { Tensor } from '../../tensor/tensor';
import { numpyLike } from './images';

/** A sound as it is written. */
export interface Sound {
  readonly length: number;
  readonly wav: Buffer;
}

const MOST = 32_767;
const HEAD = 44;

export function soundOf(tensor: Tensor, sample_rate: number): Sound {
  let samples = numpyLike(tensor).squeeze();
  if (samples.numel() > 0 && samples.abs().max().item<number>() > 1) {
    warn('audio amplitude out of range, auto clipped.');
    samples = samples.clamp(-1, 1);
  }
  if (samples.ndim !== 1) throw assertionError('input tensor should be 1 dimensional.');
  const levels = samples.mul(MOST).to(int16).contiguous().toTypedArray() as Int16Array;
  const content = Buffer.from(levels.buffer, levels.byteOffset, levels.byteLength);
  const head = Buffer.alloc(HEAD);
  head.write('RIFF', 0);
  head.writeUInt32LE(HEAD - 8 + content.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16); // the length of what follows up to `data`
  head.writeUInt16LE(1, 20); // PCM
  head.writeUInt16LE(1, 22); // one channel
  head.writeUInt32LE(sample_rate, 24);
  head.writeUInt32LE(2 * sample_rate, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(content.length, 40);
  return { length: levels.length, wav: Buffer.concat([head, content]) };
}
