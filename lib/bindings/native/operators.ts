/** Any operator, by its schema: native/operators/operators.cc and native/operators/calls.cc. */

/** An argument's or result's type in an operator's schema: native/operators/operators.h. */
export type Kind =
  | 'Tensor'
  | 'Tensor[]'
  | 'Tensor?[]'
  | 'int'
  | 'float'
  | 'bool'
  | 'Scalar'
  | 'complex'
  | 'str'
  | 'dtype'
  | 'layout'
  | 'memory_format'
  | 'Device'
  | 'Generator'
  | 'int[]'
  | 'float[]'
  | 'bool[]'
  | 'Scalar[]'
  | 'str[]'
  | 'unsupported';

export interface SchemaArgument {
  name: string;
  kind: Kind;
  /** None is allowed. */
  optional: boolean;
  hasDefault: boolean;
  keywordOnly: boolean;
  /** A list of fixed length, for which one number may stand. */
  sized: boolean;
}

export interface OperatorSchema {
  id: number;
  overload: string;
  schema: string;
  /** Python takes a number in a tensor's place. */
  takesNumbers: boolean;
  arguments: SchemaArgument[];
  returns: SchemaArgument[];
}

export interface NativeOperators {
  find_operators(name: string): OperatorSchema[];
  /** The names of a namespace's operators, overloads aside. */
  operator_names(namespace: string): string[];
  /** `handles` has a bit set for each argument that is a handle or a list of them. */
  call_operator(id: number, handles: number, ...args: readonly unknown[]): unknown;
  load_library(path: string): void;
}
