/** The types of losses' parameters. Each checks a value and converts it for the native side. */

import { types } from 'node:util';

import { type Handle, handleOf, type OptionalHandle, tensorHandle } from '../../../bindings/handle';
import type { MarshalledReduction } from '../../../bindings/native';
import { wrap } from '../../../bindings/wrap';
import type { Callee } from '../../../dispatch/arguments';
import {
  ANYTHING,
  BOOL,
  type Declared,
  FLOAT,
  mismatch,
  NUMBER,
  option,
  orNull,
  required,
  STRING,
  TENSOR,
  type Type,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { marshalReduction, type Reduction, type ReductionValues } from './reduction';

/** Lengths of sequences: a tensor or integers. */
export type Lengths = Tensor | readonly (number | bigint)[] | Int32Array | BigInt64Array;

/** A differentiable distance between two tensors. It is called synchronously. */
export type DistanceFunction = (left: Tensor, right: Tensor) => Tensor;

/** Checks a value of one parameter, and converts it for the native side. */
type Marshal<L> = (value: unknown) => L;

/** A parameter of a loss. */
export interface LossParameter<T, L> extends Declared<T> {
  /** Returns the function that checks and converts values. Its errors name the loss and the parameter. */
  readonly marshal: (callee: Callee, name: string) => Marshal<L>;
  /** The type that a class's constructor accepts. As in Python, some checks are made by the call only. */
  readonly inConstructor: Type<T>;
  /** Whether a class stores it as a buffer. */
  readonly isBuffer?: boolean;
}

const parameter = <T, L, P extends Declared<T>>(
  declared: P & Declared<T>,
  marshal: (callee: Callee, name: string) => Marshal<L>,
  inConstructor: Type<unknown> = ANYTHING,
): P & LossParameter<T, L> => ({ ...declared, marshal, inConstructor: inConstructor as Type<T> });

// --- inputs -----------------------------------------------------------------------------------------------------------

const marshalTensor =
  (callee: Callee, name: string): Marshal<Handle> =>
  (value) =>
    handleOf(value) || tensorHandle(value, callee, name);

/** A tensor. */
export const INPUT = parameter(required(TENSOR), marshalTensor);

/** Lengths of sequences. */
export const LENGTHS = parameter(
  required(ANYTHING as Type<Lengths>),
  (callee, name): Marshal<Handle | (number | bigint)[]> => {
    const marshalLength = marshalInt(callee, name);
    return (value) => {
      const handle = handleOf(value);
      if (handle) return handle;
      if (Array.isArray(value) || types.isInt32Array(value) || types.isBigInt64Array(value)) {
        return Array.from(value as ArrayLike<unknown>, marshalLength);
      }
      throw mismatch(callee, name, 'a Tensor or an array of integers', value);
    };
  },
);

/** A tensor, or a number for all elements. */
export const VARIANCE = parameter(
  required(ANYTHING as Type<Tensor | number>),
  (callee, name): Marshal<Handle | [number]> =>
    (value) => {
      if (typeof value === 'number') return [value];
      const handle = handleOf(value);
      if (handle) return handle;
      throw mismatch(callee, name, 'a Tensor or a number', value);
    },
);

// --- options ----------------------------------------------------------------------------------------------------------

/** A tensor or null, which is the default. Classes store it as a buffer. */
export const OPTIONAL_TENSOR: LossParameter<Tensor | null, OptionalHandle> = {
  ...parameter(
    option<Tensor | null>(orNull(TENSOR), null),
    (callee, name): Marshal<OptionalHandle> => {
      const marshal = marshalTensor(callee, name);
      return (value) => (value === null || value === undefined ? null : marshal(value));
    },
  ),
  isBuffer: true,
};

/** Declares a number, which is a float even if it is integral. */
export const float = (fallback: number): LossParameter<number, number> =>
  parameter(
    option(FLOAT, fallback),
    (callee, name) => (value) => {
      if (typeof value === 'number') return value;
      throw mismatch(callee, name, FLOAT.expected, value);
    },
    FLOAT,
  );

const INT64 = 'an integer of 64 bits';

const marshalInt =
  (callee: Callee, name: string): Marshal<number | bigint> =>
  (value) => {
    if (Number.isSafeInteger(value)) return value as number;
    if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value;
    throw mismatch(callee, name, INT64, value);
  };

export const int = (fallback: number): LossParameter<number | bigint, number | bigint> =>
  parameter(option(NUMBER, fallback), marshalInt, NUMBER);

/** An integer or null, which is the default. */
export const OPTIONAL_INT: LossParameter<number | bigint | null, number | bigint | null> =
  parameter(
    option<number | bigint | null>(orNull(NUMBER), null),
    (callee, name): Marshal<number | bigint | null> => {
      const marshal = marshalInt(callee, name);
      return (value) => (value === null || value === undefined ? null : marshal(value));
    },
  );

export const bool = (fallback: boolean): LossParameter<boolean, boolean> =>
  parameter(
    option(BOOL, fallback),
    (callee, name) => (value) => {
      if (typeof value === 'boolean') return value;
      throw mismatch(callee, name, BOOL.expected, value);
    },
    BOOL,
  );

/** Declares an instance of a class or null, which is the default. */
export const optionalInstance = <T extends object, L>(
  Class: abstract new (...args: never[]) => T,
  marshal: (value: T) => L,
): LossParameter<T | null, L | null> =>
  parameter(option<T | null>(ANYTHING as Type<T | null>, null), (callee, name) => (value) => {
    if (value === null || value === undefined) return null;
    if (value instanceof Class) return marshal(value);
    throw mismatch(callee, name, `a ${Class.name}`, value);
  });

/** A function of two tensors or null, which is the default. It is converted to one of two handles. */
export const DISTANCE = parameter(
  option<DistanceFunction | null>(ANYTHING as Type<DistanceFunction | null>, null),
  (callee, name): Marshal<(left: Handle, right: Handle) => Handle> => {
    const marshalResult = marshalTensor(callee, `result of ${name}`);
    return (value) => {
      if (typeof value !== 'function') throw mismatch(callee, name, 'a function or null', value);
      return (left, right) => marshalResult((value as DistanceFunction)(wrap(left), wrap(right)));
    };
  },
);

/** A deprecated option, which is converted together with the reduction. */
const LEGACY: LossParameter<boolean | null, never> = parameter(
  option<boolean | null>(orNull(BOOL), null),
  (): Marshal<never> => (_value) => {
    throw new Error('size_average and reduce are marshalled with the reduction');
  },
);

/** `size_average` and `reduce`. Python puts them at different positions among the parameters. */
export { LEGACY as REDUCE, LEGACY as SIZE_AVERAGE };

/**
 * Declares the reduction of a loss. It is converted from all values of the call, since `size_average` and `reduce` may
 * override it (definition.ts).
 */
export const reductionOf = <R extends string>(): LossParameter<R, MarshalledReduction> & {
  readonly default: R;
} =>
  parameter(
    option(STRING as Type<string> as Type<R>, 'mean' as R),
    (callee) => (values) => marshalReduction(callee, (values as ReductionValues).reduction),
  );

export const REDUCTION = reductionOf<Reduction>();

/** The options of most losses that reduce. Python has them together, in this order. */
export const REDUCTION_OPTIONS = {
  size_average: LEGACY,
  reduce: LEGACY,
  reduction: REDUCTION,
};
