/** DistributedDataParallel: its call has the arguments and, awaited, the result of the module. */
import torch, { nn, type Tensor } from 'torch-losses';

declare const x: Tensor;

const { DistributedDataParallel } = nn.parallel;

class Pair extends nn.Module<[Tensor, number], { sum: Tensor }> {}

export async function calls(): Promise<void> {
  const linear = await DistributedDataParallel.create(new nn.Linear(2, 3), {
    bucket_cap_mb: 1,
    find_unused_parameters: true,
  });
  const _output: Tensor = await linear(x);
  const _aside: Tensor = await linear.forwardAsync(x, { signal: new AbortController().signal });
  const _inner: nn.Linear = linear.module;
  const _result: number = await linear.no_sync(async () => 1);
  linear.register_comm_hook(
    null,
    torch.distributed.algorithms.ddp_comm_hooks.default_hooks.fp16_compress_hook,
  );
  linear.register_comm_hook(0.5, async (factor, bucket) => {
    const _gradients: Tensor[] = bucket.gradients();
    return bucket.buffer().mul(factor);
  });
  const { default_hooks } = torch.distributed.algorithms.ddp_comm_hooks;
  linear.register_comm_hook(
    torch.distributed.group.WORLD,
    default_hooks.fp16_compress_wrapper(default_hooks.allreduce_hook),
  );
  const _joined: number = await linear.join(async () => 1, { divide_by_initial_world_size: false });
  const join = new torch.distributed.algorithms.Join([linear], { enable: false, own: 1 });
  const _ended: string = await join.run(() => 'end');
  const _state: Map<string, Tensor> = linear.state_dict();
  const _mean: Tensor = await nn.parallel.globalMean(x, 3);
  // @ts-expect-error the result is a promise
  const _early: Tensor = linear(x);
  // @ts-expect-error it takes one argument
  linear(x, x);
  // @ts-expect-error no such option
  DistributedDataParallel.create(new nn.Linear(2, 3), { buckets: 1 });
  // @ts-expect-error a hook returns a promise
  linear.register_comm_hook(null, () => x);

  // @ts-expect-error a number takes part in nothing
  new torch.distributed.algorithms.Join([1]);

  // Of several arguments
  const pair = await DistributedDataParallel.create(new Pair());
  const _sum: Tensor = (await pair(x, 2)).sum;
  // @ts-expect-error the second argument is a number
  pair(x, x);

  const _network: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(new nn.BatchNorm2d(3));
}
