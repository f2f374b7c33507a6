/** The graph of autograd, as `grad_fn` shows it. */
import { inspect } from 'node:util';

import { type Handle, handleOf } from '../bindings/handle';
import { native } from '../bindings/native';
import { ownArray } from '../bindings/realms';
import type { RemovableHandle } from '../utils/hooks';
import { type NodeHook, type NodePreHook, registerNodeHook } from './hooks';

/**
 * A function in the graph.
 *
 * It refers to the tensor that it was reached from, and the path from there. It keeps that tensor alive.
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

  /** Returns a tensor's `grad_fn`, or null if it has none. @internal */
  static of(handle: Handle, tensor: object, path: readonly number[] = []): GraphNode | null {
    const name = native.grad_fn_name(handle, path);
    return name === undefined ? null : new GraphNode(tensor, path, name);
  }

  /** Returns the function's name, such as `AddBackward0`. */
  name(): string {
    return this.#name;
  }

  /** The functions that this function's gradients go to, each with the index of the input there. */
  get next_functions(): [GraphNode | null, number][] {
    const handle = handleOf(this.#tensor);
    if (!handle) return [];
    return ownArray(native.next_functions(handle, this.#path)).map((input, index) => {
      if (input === undefined) return [null, 0];
      return [GraphNode.of(handle, this.#tensor, [...this.#path, index]), input];
    });
  }

  /**
   * Registers a function that is called after this function has computed the gradients of its inputs. It may return
   * gradients that replace them.
   *
   * See https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.register_hook.html
   */
  register_hook(fn: NodeHook): RemovableHandle {
    return registerNodeHook(this.#tensor, this.#path, false, fn);
  }

  /**
   * Registers a function that is called with the gradients of the outputs, before this function computes those of its
   * inputs. It may return gradients that replace them.
   *
   * See https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.register_prehook.html
   */
  register_prehook(fn: NodePreHook): RemovableHandle {
    return registerNodeHook(this.#tensor, this.#path, true, fn);
  }

  toString(): string {
    return `<${this.#name}>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
