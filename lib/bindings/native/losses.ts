/** The losses: native/losses/losses.h. The parameters have its order. */
import type { Handle, OptionalHandle } from '../handle';

/** `reduction` as it is passed: a small number for a known name, else a string (native/losses/arguments.h). */
export type MarshalledReduction = number | string | [string, number];
/**
 * `nn.LinearCrossEntropyOptions` as they are passed (native/losses/arguments.h). The last one is the code of a dtype.
 */
export type MarshalledLinearCrossEntropyOptions = readonly [
  allowRetainGraph: boolean,
  batchChunkSize: number | null | undefined,
  chunkingMethod: string | null | undefined,
  accPolicy: string,
  accDType: number | null | undefined,
];

/**
 * The losses.
 *
 * @typeParam H - the result: a handle, or the promise of one in a job
 */
export interface NativeLosses<H = Handle> {
  binary_cross_entropy(
    input: Handle,
    target: Handle,
    weight: OptionalHandle,
    reduction: MarshalledReduction,
  ): H;
  binary_cross_entropy_with_logits(
    input: Handle,
    target: Handle,
    weight: OptionalHandle,
    reduction: MarshalledReduction,
    posWeight: OptionalHandle,
  ): H;
  cosine_embedding_loss(
    input1: Handle,
    input2: Handle,
    target: Handle,
    margin: number,
    reduction: MarshalledReduction,
  ): H;
  cross_entropy(
    input: Handle,
    target: Handle,
    weight: OptionalHandle,
    ignoreIndex: number | bigint,
    reduction: MarshalledReduction,
    labelSmoothing: number,
  ): H;
  ctc_loss(
    logProbs: Handle,
    targets: Handle,
    inputLengths: Handle | readonly (number | bigint)[],
    targetLengths: Handle | readonly (number | bigint)[],
    blank: number | bigint,
    reduction: MarshalledReduction,
    zeroInfinity: boolean,
  ): H;
  gaussian_nll_loss(
    input: Handle,
    target: Handle,
    variance: Handle | [number],
    full: boolean,
    eps: number,
    reduction: MarshalledReduction,
  ): H;
  hinge_embedding_loss(
    input: Handle,
    target: Handle,
    margin: number,
    reduction: MarshalledReduction,
  ): H;
  huber_loss(
    input: Handle,
    target: Handle,
    reduction: MarshalledReduction,
    delta: number,
    weight: OptionalHandle,
  ): H;
  kl_div(input: Handle, target: Handle, reduction: MarshalledReduction, logTarget: boolean): H;
  l1_loss(input: Handle, target: Handle, reduction: MarshalledReduction, weight: OptionalHandle): H;
  linear_cross_entropy(
    input: Handle,
    linearWeight: Handle,
    target: Handle,
    linearBias: OptionalHandle,
    weight: OptionalHandle,
    reduction: MarshalledReduction,
    ignoreIndex: number | bigint | null,
    labelSmoothing: number,
    options: MarshalledLinearCrossEntropyOptions | null,
  ): H;
  margin_ranking_loss(
    input1: Handle,
    input2: Handle,
    target: Handle,
    margin: number,
    reduction: MarshalledReduction,
  ): H;
  mse_loss(
    input: Handle,
    target: Handle,
    reduction: MarshalledReduction,
    weight: OptionalHandle,
  ): H;
  multi_margin_loss(
    input: Handle,
    target: Handle,
    p: number | bigint,
    margin: number,
    weight: OptionalHandle,
    reduction: MarshalledReduction,
  ): H;
  multilabel_margin_loss(input: Handle, target: Handle, reduction: MarshalledReduction): H;
  multilabel_soft_margin_loss(
    input: Handle,
    target: Handle,
    weight: OptionalHandle,
    reduction: MarshalledReduction,
  ): H;
  nll_loss(
    input: Handle,
    target: Handle,
    weight: OptionalHandle,
    ignoreIndex: number | bigint,
    reduction: MarshalledReduction,
  ): H;
  poisson_nll_loss(
    input: Handle,
    target: Handle,
    logInput: boolean,
    full: boolean,
    eps: number,
    reduction: MarshalledReduction,
  ): H;
  smooth_l1_loss(input: Handle, target: Handle, reduction: MarshalledReduction, beta: number): H;
  soft_margin_loss(input: Handle, target: Handle, reduction: MarshalledReduction): H;
  triplet_margin_loss(
    anchor: Handle,
    positive: Handle,
    negative: Handle,
    margin: number,
    p: number,
    eps: number,
    swap: boolean,
    reduction: MarshalledReduction,
  ): H;
  triplet_margin_with_distance_loss(
    anchor: Handle,
    positive: Handle,
    negative: Handle,
    distanceFunction: (left: Handle, right: Handle) => Handle,
    margin: number,
    swap: boolean,
    reduction: MarshalledReduction,
  ): H;
  triplet_margin_with_pairwise_distance_loss(
    anchor: Handle,
    positive: Handle,
    negative: Handle,
    p: number,
    eps: number,
    keepdim: boolean,
    margin: number,
    swap: boolean,
    reduction: MarshalledReduction,
  ): H;
}

/** Calls that the linear losses need in addition to {@link NativeLosses}. */
export interface NativeLinearLosses {
  adaptive_log_softmax_with_loss(
    input: Handle,
    target: Handle,
    headWeight: Handle,
    headBias: OptionalHandle,
    tail: readonly Handle[],
    cutoffs: readonly number[],
    shortlistSize: number,
  ): [output: Handle, loss: Handle];
  adjust_linear_cross_entropy_options(
    options: MarshalledLinearCrossEntropyOptions,
    numBatches: number,
    inFeatures: number,
    numClasses: number,
    dtype: number,
    device: string | null,
    hasProbabilities: boolean,
  ): MarshalledLinearCrossEntropyOptions;
}
