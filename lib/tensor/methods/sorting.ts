/** Sorting. */
import { type Signature, type TensorMethod, table, type Values } from './signature';

export interface Sorting {
  sort: TensorMethod<
    [
      Signature<[], { stable: boolean | null; dim?: number; descending?: boolean }, Values>,
      Signature<
        [dim?: number, descending?: boolean],
        { dim?: number; descending?: boolean },
        Values
      >,
    ]
  >;
  argsort: TensorMethod<
    [
      Signature<[], { stable: boolean; dim?: number; descending?: boolean }>,
      Signature<[dim?: number, descending?: boolean], { dim?: number; descending?: boolean }>,
    ]
  >;
  topk: TensorMethod<
    Signature<
      [k: number, dim?: number, largest?: boolean, sorted?: boolean],
      { k: number; dim?: number; largest?: boolean; sorted?: boolean },
      Values
    >
  >;
  msort: TensorMethod<Signature>;
}

/** Lists the overloads of each method in the order in which Python tries them. */
export const sorting = table<Sorting>({
  sort: ['stable', ''],
  argsort: ['stable', ''],
  topk: [''],
  msort: [''],
});
