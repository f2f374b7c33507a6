/** Jobs that the processes of a group do together: each its part, with one summary and one report. */
import { abortable } from '../distributed/launch';
import { all_gather_object } from '../distributed/objects';
import type { ProcessGroup } from '../distributed/process_group';
import { BatchError } from './error';
import { differenceOfParts, type Heading } from './journal';
import type { TotalsState } from './totals';

/** What a process tells the others at the end of its part. */
interface Message {
  readonly heading: Heading;
  readonly totals: TotalsState;
}

/**
 * Waits for all processes, and returns what each has computed, in the order of their ranks.
 *
 * @throws BatchError if one of them has ended, or does another job
 */
export async function statesOfRanks(
  group: ProcessGroup,
  heading: Heading,
  totals: TotalsState,
  signal: AbortSignal | undefined,
): Promise<TotalsState[]> {
  const messages: Message[] = [];
  try {
    await abortable(all_gather_object(messages, { heading, totals }, group), signal);
  } catch (cause) {
    signal?.throwIfAborted();
    const text = `The summary of all ranks is missing, since one of them has ended or cannot be reached: ${(cause as Error).message}`;
    throw new BatchError('parts', text, undefined, undefined, { cause });
  }
  for (const [rank, { heading: other }] of messages.entries()) {
    const problem = differenceOfParts(messages[0]!.heading, other);
    if (!problem) continue;
    throw new BatchError('parts', `Rank ${rank} does another job than rank 0: ${problem}`);
  }
  return messages.map((message) => message.totals);
}
