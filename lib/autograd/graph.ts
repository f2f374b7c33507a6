/** The recorded graph, as `grad_fn` shows it. */
import { inspect } from 'node:util';

import { type Handle, handleOf } from '../bindings/handle';
import { native } from '../bindings/native';
import { ownArray } from '../bindings/realms';

/**
 * A function of the recorded graph.
 *
 * It is named by the tensor it was reached from and the way there; that tensor keeps it alive.
 */
export class GraphNode {
  readonly #tensor: object;
  readonly #path: readonly number[];
  readonly #name: string;

  private constructor(tensor: object, path: readonly number[], name: string) {
    this.#tensor = tensor;
    this.#path = path;
    this.#name = name;
  }

  /** A tensor's `grad_fn`, or null where it has none. @internal */
  static of(handle: Handle, tensor: object, path: readonly number[] = []): GraphNode | null {
    const name = native.grad_fn_name(handle, path);
    return name === undefined ? null : new GraphNode(tensor, path, name);
  }

  /** Such as `AddBackward0`. */
  name(): string {
    return this.#name;
  }

  /** The functions that this one's gradients go to, each with the number of the input it feeds there. */
  get next_functions(): [GraphNode | null, number][] {
    const handle = handleOf(this.#tensor);
    if (!handle) return [];
    return ownArray(native.next_functions(handle, this.#path)).map((input, index) => {
      if (input === undefined) return [null, 0];
      return [GraphNode.of(handle, this.#tensor, [...this.#path, index]), input];
    });
  }

  toString(): string {
    return `<${this.#name}>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
