/** The mean of a loss over the batches of all processes. */
import { runtimeError } from '../../bindings/errors';
import { FLOAT, required, TENSOR, typeOf } from '../../dispatch/signature';
import { all_reduce } from '../../distributed/collectives';
import { defineAsync } from '../../distributed/launch';
import { type Group, get_world_size, group_ } from '../../distributed/process_group';
import { tensor as makeTensor } from '../../tensor/creation';
import { stack } from '../../tensor/functions';
import type { Tensor } from '../../tensor/tensor';

const WEIGHT = typeOf<Tensor | number>(
  'a Tensor or a number',
  (value) => TENSOR.accepts(value) || FLOAT.accepts(value),
);

/**
 * Returns the mean of a loss over the batches of all processes, however they are divided.
 *
 * DistributedDataParallel averages the gradients of the processes. So with `reduction: 'mean'` each process counts the
 * same, even if its batch is smaller, has other class weights or more targets that are ignored. This function gives the
 * mean that one process would compute of the whole batch, and the same gradients after DistributedDataParallel.
 *
 * ```ts
 * const criterion = new nn.CrossEntropyLoss({ weight, ignore_index: 0, reduction: 'sum' });
 * const sum = criterion(await model(input), target);
 * const counted = target.ne(0);
 * const loss = await nn.parallel.globalMean(sum, weight.index_select(0, target).mul(counted).sum());
 * await loss.backwardAsync();
 * ```
 *
 * @param sum - the loss of this process's batch with `reduction: 'sum'`, a scalar
 * @param weight - what `reduction: 'mean'` divides by: the number of elements, or the sum of the weights of the targets
 *   that are not ignored
 * @param options.group - the processes of the DistributedDataParallel. Default: null, the default group
 * @returns a scalar whose value is the same in all processes
 */
export const globalMean: (
  sum: Tensor,
  weight: Tensor | number,
  options?: { group?: Group | null },
) => Promise<Tensor> = defineAsync(
  'globalMean',
  { sum: required(TENSOR), weight: required(WEIGHT), group: group_ },
  async ({ sum, weight, group }) => {
    if (sum.numel() !== 1) {
      throw runtimeError(
        `globalMean(): argument 'sum' must have one element, got shape [${sum.shape}]`,
      );
    }
    const own = sum.detach();
    const share =
      typeof weight === 'number'
        ? makeTensor(weight, { dtype: sum.dtype, device: sum.device })
        : weight.detach().to(sum.dtype);
    const totals = stack([own.reshape([]), share.reshape([])]);
    const size = get_world_size(group);
    await all_reduce(totals, { group });
    const [whole, weights] = totals.unbind() as [Tensor, Tensor];
    // The gradients of the processes are averaged, so each is multiplied by their number.
    const scaled = sum.div(weights).mul(size);
    // Adds nothing, and brings the gradient of `scaled`.
    return whole.div(weights).add(scaled.sub(scaled.detach()));
  },
);
