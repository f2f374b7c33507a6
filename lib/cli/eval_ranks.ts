/** `eval` in the processes that torchrun has started. */
import type { distributed } from '../index';
import { CommandError } from './errors';

/** A rank may be done long before another, in milliseconds. */
const MONTH = 30 * 24 * 3600 * 1000;

/**
 * Meets the other ranks.
 *
 * @returns the group, or null if the environment does not say where they meet, or libtorch has no process groups
 */
export async function groupOfRanks(
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<distributed.ProcessGroup | null> {
  if (!env['MASTER_ADDR'] || !env['MASTER_PORT']) return null;
  const { distributed: dist } = (await import('../index.js')).default;
  if (!dist.is_available()) return null;
  try {
    await dist.init_process_group('gloo', { signal });
    const group = await dist.new_group({ timeout: MONTH, signal });
    return group as distributed.ProcessGroup;
  } catch (error) {
    signal.throwIfAborted();
    throw new CommandError(`The ranks cannot meet: ${(error as Error).message}`);
  }
}

/** Leaves the other ranks. */
export async function leaveRanks(): Promise<void> {
  const { distributed: dist } = (await import('../index.js')).default;
  await dist.destroy_process_group();
}
