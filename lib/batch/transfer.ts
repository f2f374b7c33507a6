/** Copies inputs to a device: to a GPU from pinned memory, on a stream of its own, while the chunk before is computed. */
import { current_stream, type Event, Stream, stream } from '../cuda/stream';
import { to } from '../nn/ops';
import { device as deviceOf } from '../tensor/device';
import { type Inputs, mapped } from './rows';

/** Inputs that are on the device, or on their way. */
export interface Moved {
  readonly inputs: Inputs;
  readonly arrived: Event | undefined;
}

export class Transfer {
  #stream: Stream | undefined;
  readonly #isNeeded: boolean;

  constructor(private readonly device: string) {
    this.#isNeeded = deviceOf(device).type !== 'cpu';
  }

  /** Starts to copy. */
  start(inputs: Inputs): Moved {
    if (!this.#isNeeded) return { inputs, arrived: undefined };
    const copies = (this.#stream ??= new Stream(this.device));
    return stream(copies, () => ({
      inputs: mapped(inputs, (input) => {
        const pinned = input.pin_memory();
        const moved = to(pinned, { device: this.device, non_blocking: true });
        // The allocator of pinned memory waits for the copy before it uses the memory again.
        pinned.dispose();
        return moved;
      }),
      arrived: copies.record_event() as Event,
    }));
  }

  /** Makes what is computed from now on wait for a copy. */
  finish({ inputs, arrived }: Moved): Inputs {
    if (arrived) current_stream(this.device).wait_event(arrived);
    return inputs;
  }
}
