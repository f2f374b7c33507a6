/** Random numbers, drawn in place or from the probabilities in a tensor. */
import type { Generator } from '../../random/generator';
import type { Tensor } from '../tensor';
import { type Signature, type TensorMethod, table } from './signature';

type Normal = Signature<
  [mean?: number, std?: number],
  { mean?: number; std?: number; generator?: Generator | null }
>;

export interface RandomMethods {
  random_: TensorMethod<
    [
      Signature<[], { generator?: Generator | null }>,
      Signature<
        [from: number, to: number | null],
        { from: number; to: number | null; generator?: Generator | null }
      >,
      Signature<[to: number], { to: number; generator?: Generator | null }>,
    ]
  >;
  bernoulli: TensorMethod<
    [
      Signature<[], { generator?: Generator | null }>,
      Signature<[p: number], { p: number; generator?: Generator | null }>,
    ]
  >;
  bernoulli_: TensorMethod<
    Signature<[p?: Tensor | number], { p?: Tensor | number; generator?: Generator | null }>
  >;
  normal_: TensorMethod<Normal>;
  uniform_: TensorMethod<
    Signature<
      [from?: number, to?: number],
      { from?: number; to?: number; generator?: Generator | null }
    >
  >;
  exponential_: TensorMethod<
    Signature<[lambd?: number], { lambd?: number; generator?: Generator | null }>
  >;
  geometric_: TensorMethod<Signature<[p: number], { p: number; generator?: Generator | null }>>;
  log_normal_: TensorMethod<Normal>;
  cauchy_: TensorMethod<
    Signature<
      [median?: number, sigma?: number],
      { median?: number; sigma?: number; generator?: Generator | null }
    >
  >;
  multinomial: TensorMethod<
    Signature<
      [num_samples: number, replacement?: boolean],
      { num_samples: number; replacement?: boolean; generator?: Generator | null }
    >
  >;
}

/** Lists the overloads of each method in the order in which Python tries them. */
export const random = table<RandomMethods>({
  random_: ['', 'from', 'to'],
  bernoulli: ['', 'p'],
  bernoulli_: ['Tensor', 'float'],
  normal_: [''],
  uniform_: [''],
  exponential_: [''],
  geometric_: [''],
  log_normal_: [''],
  cauchy_: [''],
  multinomial: [''],
});
