/** What the inputs of a loss predict, for the classes and the calibration of a report. */
import * as dtypes from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { type Chunked, hasProbabilities } from './losses';
import type { Inputs } from './rows';
import type { Predictions } from './statistics';

/** Returns the classes and predictions of some rows, one for each loss. */
export function predictionsOf({ predicts, options }: Chunked, inputs: Inputs): Predictions {
  const { input, target } = inputs as Record<'input' | 'target', Tensor>;
  switch (predicts) {
    case undefined:
      return {};
    case 'nothing':
      return target ? { classes: integers(target) } : {};
    case 'logit':
      return { confidence: floats(input.float().sigmoid()), outcome: floats(target) };
    case 'probability':
      return { confidence: floats(input), outcome: floats(target) };
    case 'scores':
      return ofClasses(input.argmax(1), target);
    default:
      return ofProbabilities(predicts, options['ignore_index'] as number, input.float(), target);
  }
}

function ofProbabilities(
  predicts: 'logits' | 'log-probabilities',
  ignored: number,
  input: Tensor,
  target: Tensor,
): Predictions {
  const greatest = input.max(1);
  const logarithm =
    predicts === 'logits' ? greatest.values.sub(input.logsumexp([1])) : greatest.values;
  const confidence = floats(logarithm.exp());
  if (hasProbabilities(input, target)) {
    const outcome = target.gather(1, greatest.indices.unsqueeze(1));
    return { confidence, outcome: floats(outcome) };
  }
  const found = ofClasses(greatest.indices, target.masked_fill(target.eq(ignored), -1));
  // What is ignored has no probability.
  for (const [i, name] of found.classes!.entries()) if (name < 0) confidence[i] = Number.NaN;
  return { ...found, confidence, outcome: found.correct! };
}

const ofClasses = (predicted: Tensor, target: Tensor): Predictions => ({
  classes: integers(target),
  correct: floats(predicted.eq(target)),
});

const integers = (tensor: Tensor): Int32Array =>
  tensor.to(dtypes.int32).toTypedArray() as Int32Array;

const floats = (tensor: Tensor): Float32Array =>
  tensor.to(dtypes.float32).toTypedArray() as Float32Array;
