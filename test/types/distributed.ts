/** Types of torch.distributed. */
import torch, { distributed as dist, type Tensor } from 'torch-losses';

declare const t: Tensor;

export async function compiles(): Promise<void> {
  await dist.init_process_group('gloo', 'env://', {
    timeout: 1000,
    signal: AbortSignal.timeout(1),
  });
  const done: unknown = await dist.all_reduce(t, dist.ReduceOp.MAX);
  const work: torch.distributed.Work | null = dist.all_reduce(t, { async_op: true });
  const ended: boolean | undefined = await work?.wait();
  const sender: number = await dist.recv(t, { tag: 3 });
  const store: torch.distributed.TCPStore = await dist.TCPStore.create('host', 1, {
    is_master: true,
  });
  const value: Buffer = await store.get('key');
  const group: torch.distributed.Group | null = await dist.new_group([0, 1]);
  await dist.broadcast(t, 0, group, { async_op: false });
  await dist.barrier({ group, timeout: 5 });
  void [done, ended, sender, value];
}

// @ts-expect-error a time is a number
dist.init_process_group('gloo', null, { timeout: '1 s' });
// @ts-expect-error an operation is no string
dist.all_reduce(t, 'sum');
// @ts-expect-error stores connect, and are not made by a constructor
new dist.TCPStore('host', 1);
// @ts-expect-error no such option
dist.all_gather([t], t, { op: dist.ReduceOp.SUM });
