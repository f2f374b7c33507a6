/** `torch.distributed.GradBucket`. Source: torch/csrc/distributed/c10d/comm.hpp. */
import { inspect } from 'node:util';
import { typeError } from '../bindings/errors';
import { required, Signature, TENSOR } from '../dispatch/signature';
import { strided } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';

const SECRET = Symbol('GradBucket');
const SET_BUFFER = new Signature('set_buffer', { tensor: required(TENSOR) });

interface BucketState {
  readonly index: number;
  readonly isLast: boolean;
  buffer: Tensor;
  readonly parameters: readonly Tensor[];
}

/**
 * Gradients that DistributedDataParallel combines together, in one tensor. A communication hook gets it.
 *
 * See https://docs.pytorch.org/docs/stable/ddp_comm_hooks.html#what-does-a-communication-hook-operate-on
 */
export class GradBucket {
  readonly #state: BucketState;

  /** @internal */
  constructor(state: BucketState, secret: typeof SECRET) {
    if (secret !== SECRET)
      throw typeError('GradBucket: no constructor; a communication hook gets it');
    this.#state = state;
  }

  /** @internal */
  static _of(state: BucketState): GradBucket {
    return new GradBucket(state, SECRET);
  }

  /** Returns the number of the bucket among those of the backward pass. */
  index(): number {
    return this.#state.index;
  }

  /** Returns the gradients, one after another in a tensor of one dimension. */
  buffer(): Tensor {
    return this.#state.buffer;
  }

  /** Returns the gradients, as views of the buffer in the shapes of the parameters. */
  gradients(): Tensor[] {
    const { buffer, parameters } = this.#state;
    if (buffer.layout !== strided) return [buffer];
    let offset = 0;
    return parameters.map((parameter) => {
      const length = parameter.numel();
      const gradient = buffer.narrow(0, offset, length).view(parameter.shape);
      offset += length;
      return gradient;
    });
  }

  /** Returns the parameters whose gradients these are. */
  parameters(): Tensor[] {
    return [...this.#state.parameters];
  }

  /** Returns whether it is the last bucket of the backward pass. */
  is_last(): boolean {
    return this.#state.isLast;
  }

  /** Replaces the buffer by another tensor, for another hook. */
  set_buffer(tensor: Tensor): void;
  set_buffer(...args: unknown[]): void {
    this.#state.buffer = SET_BUFFER.read(args).tensor;
  }

  [inspect.custom](): string {
    return `<GradBucket ${this.index()}: ${this.#state.parameters.length} parameters>`;
  }

  toString(): string {
    return this[inspect.custom]();
  }
}
