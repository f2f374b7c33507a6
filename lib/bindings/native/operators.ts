/** All operators, called by schema: native/operators/operators.cc and native/operators/calls.cc. */

/** The type of an argument or result in a schema: native/operators/operators.h. */
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
  | 'Tensor[][]'
  | 'ProcessGroup'
  | 'group'
  | 'ReduceOp'
  | 'Work'
  | 'unsupported';

export interface SchemaArgument {
  name: string;
  kind: Kind;
  /** Whether the argument may be None. */
  optional: boolean;
  hasDefault: boolean;
  keywordOnly: boolean;
  /** Whether this is a list of fixed length. One number may then be given for it. */
  sized: boolean;
}

export interface OperatorSchema {
  id: number;
  overload: string;
  schema: string;
  /** Whether Python accepts a number for a tensor argument. */
  takesNumbers: boolean;
  arguments: SchemaArgument[];
  returns: SchemaArgument[];
}

export interface NativeOperators {
  find_operators(name: string): OperatorSchema[];
  /** Returns the names of the operators in a namespace, without overload names. */
  operator_names(namespace: string): string[];
  /** Calls an operator. `handles` has a bit set for each argument that is a handle. */
  call_operator(id: number, handles: number, ...args: readonly unknown[]): unknown;
  load_library(path: string): void;
}
