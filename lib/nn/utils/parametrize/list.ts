/** The parametrizations of one tensor. Source: torch/nn/utils/parametrize.py. */
import { runtimeError, valueError } from '../../../bindings/errors';
import { isTensor } from '../../../bindings/handle';
import { BOOL, optional, required, Signature, TENSOR, typeOf } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { ModuleList } from '../../modules/container';
import type { Module } from '../../modules/module';
import { builtIns } from '../../modules/replay';
import { op, withoutGrad } from '../../ops';
import { Parameter } from '../../parameter';
import { sizeText, typename } from '../../typename';

/** Makes a tensor use the memory of another. */
export const setTo = op<(self: Tensor, source: Tensor) => Tensor>('set_', ['source_Tensor']);

/** A module that computes a tensor. It may also compute the tensors it would compute a given one from. */
export type Parametrization = Module & {
  right_inverse?: (value: Tensor) => Tensor | readonly Tensor[];
};

export type Properties = Record<string, unknown>;
export const propertiesOf = (module: Module): Properties => module as unknown as Properties;

/** Returns what the original tensors must be for the parametrizations to give a value. */
function inverted(modules: Iterable<Parametrization>, value: Tensor, mustHave: boolean): unknown {
  let result: unknown = value;
  for (const module of [...modules].reverse()) {
    if (typeof module.right_inverse !== 'function') {
      if (!mustHave) continue;
      throw runtimeError(`parametrization ${module._get_name()} does not implement right_inverse.`);
    }
    try {
      result = module.right_inverse(result as Tensor);
    } catch (error) {
      const { pythonType } = error as { pythonType?: string };
      if (mustHave || pythonType !== 'NotImplementedError') throw error;
    }
  }
  return result;
}

/** Registers a tensor as a parameter or a buffer. */
export function register(module: Module, name: string, tensor: Tensor): void {
  if (tensor instanceof Parameter) module.register_parameter(name, tensor);
  else module.register_buffer(name, tensor);
}

const SEQUENCE = "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). ";

const LIST = new Signature('ParametrizationList', {
  modules: required(
    typeOf<readonly Parametrization[]>('an array of Modules', (value) => Array.isArray(value)),
  ),
  original: required(TENSOR),
  unsafe: optional(BOOL, false),
});
const INVERSE = new Signature('ParametrizationList.right_inverse', { value: required(TENSOR) });

/**
 * The parametrizations of one tensor, and the tensors that it is computed from: `original`, or `original0`,
 * `original1`, … {@link register_parametrization} makes it.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.ParametrizationList.html
 */
export class ParametrizationList extends ModuleList {
  unsafe: boolean;
  /** Whether there is one original tensor, `original`. */
  is_tensor: boolean;
  ntensors: number;
  declare original: Tensor;

  constructor(modules: readonly Parametrization[], original: Tensor, unsafe?: boolean);
  constructor(...args: unknown[]) {
    const { modules, original, unsafe } = LIST.read(args);
    if (modules.length === 0) {
      throw valueError('ParametrizationList requires one or more modules.');
    }
    super(modules);
    this.unsafe = unsafe;
    const { shape, dtype, device } = original;
    const made = withoutGrad(() => inverted(modules, original, false));
    if (!isTensor(made) && !Array.isArray(made)) {
      throw valueError(`${SEQUENCE}Got ${typename(made)}`);
    }
    this.is_tensor = isTensor(made);
    this.ntensors = this.is_tensor ? 1 : (made as unknown[]).length;
    if (this.is_tensor) {
      const tensor = made as Tensor;
      checkSame('dtype', dtype, tensor.dtype);
      checkSame('device', device, tensor.device);
      withoutGrad(() => setTo(original, tensor));
      register(this as unknown as Module, 'original', original);
    } else {
      for (const [index, each] of (made as unknown[]).entries()) {
        if (!isTensor(each)) {
          throw valueError(
            `${SEQUENCE}Got element ${index} of the sequence with type ${typename(each)}.`,
          );
        }
        const { requires_grad } = original;
        const isParameter = original instanceof Parameter;
        const tensor = isParameter
          ? new Parameter(each as Tensor, requires_grad)
          : (each as Tensor);
        tensor.requires_grad_(requires_grad);
        register(this as unknown as Module, `original${index}`, tensor);
      }
    }
    if (unsafe) return;
    const result = this._compute();
    const flag = 'unless `unsafe` flag is enabled.';
    checkResult(result, { shape, dtype }, flag, 'unparametrized', 'parametrized');
  }

  /** Sets the original tensors so that the parametrized tensor has a value. */
  right_inverse(value: Tensor): void;
  right_inverse(...args: unknown[]): void {
    const { value } = INVERSE.read(args);
    withoutGrad(() => {
      const made = inverted(this as Iterable<Module>, value, true);
      if (this.is_tensor) {
        if (!isTensor(made)) {
          throw valueError(`\`right_inverse\` should return a tensor. Got ${typename(made)}`);
        }
        const { dtype } = made as Tensor;
        if (dtype !== this.original.dtype) {
          throw valueError(
            `The tensor returned by \`right_inverse\` has dtype ${dtype} while \`original\` has dtype ${this.original.dtype}`,
          );
        }
        setTo(this.original, made as Tensor);
      } else setOriginals(this, made);
    });
  }

  override forward(): never {
    return this._compute() as never;
  }

  /** Computes the tensor. @internal */
  _compute(): unknown {
    const [first, ...others] = this;
    let value = first!(...originalsOf(this));
    for (const module of others) value = module(value);
    return value;
  }
}
builtIns.add(ParametrizationList);

/** Returns the tensors that the parametrized tensor is computed from. */
export const originalsOf = (list: ParametrizationList): Tensor[] =>
  list.is_tensor
    ? [list.original]
    : Array.from(
        { length: list.ntensors },
        (_, index) => propertiesOf(list as unknown as Module)[`original${index}`] as Tensor,
      );

function setOriginals(list: ParametrizationList, made: unknown): void {
  const start = "'right_inverse' must return a sequence of tensors";
  if (!Array.isArray(made)) throw valueError(`${start}. Got ${typename(made)}.`);
  if (made.length !== list.ntensors) {
    throw valueError(
      `${start} of length ${list.ntensors}. Got a sequence of length ${made.length}.`,
    );
  }
  for (const [index, original] of originalsOf(list).entries()) {
    const tensor: unknown = made[index];
    if (!isTensor(tensor)) {
      throw valueError(
        `${start} or reference-type opaques. Got element ${index} of type ${typename(tensor)}.`,
      );
    }
    const { dtype } = tensor as Tensor;
    if (dtype !== original.dtype) {
      throw valueError(
        `Tensor ${index} returned by \`right_inverse\` has dtype ${dtype} while \`original${index}\` has dtype ${original.dtype}`,
      );
    }
    setTo(original, tensor as Tensor);
  }
}

function checkSame(name: 'dtype' | 'device', before: unknown, after: unknown): void {
  if (String(before) === String(after)) return;
  throw valueError(
    `When \`right_inverse\` outputs one tensor, it may not change the ${name}.\n` +
      `original.${name}: ${before}\nright_inverse(original).${name}: ${after}`,
  );
}

/** Checks that a parametrization keeps dtype and shape. */
export function checkResult(
  result: unknown,
  expected: Pick<Tensor, 'dtype' | 'shape'>,
  flag: string,
  before: string,
  after: string,
): void {
  if (!isTensor(result)) {
    throw valueError(`A parametrization must return a tensor. Got ${typename(result)}.`);
  }
  const separator = before === 'unparametrized' ? ' ' : '.';
  const text = (name: string, from: unknown, to: unknown): string =>
    `Registering a parametrization may not change the ${name} of the tensor, ${flag}\n` +
    `${before}${separator}${name}: ${from}\n${after}${separator}${name}: ${to}`;
  const { dtype, shape } = result as Tensor;
  if (dtype !== expected.dtype) throw valueError(text('dtype', expected.dtype, dtype));
  if (String(shape) !== String(expected.shape)) {
    throw valueError(text('shape', sizeText(expected.shape), sizeText(shape)));
  }
}
