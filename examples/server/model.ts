import { nn } from 'torch-losses';

/** Returns a classifier of digits: from 64 pixels to the scores of 10 classes. */
export function createModel() {
  return new nn.Sequential(new nn.Linear(64, 128), new nn.ReLU(), new nn.Linear(128, 10));
}

/** Digits and their classes, as a client posts them. */
export interface Samples {
  images: number[][];
  classes: number[];
}

/** What the learner sends to the server. */
export interface Update {
  /** The model's parameters in one vector. */
  weights: { readonly sharedTensor: string };
  /** The number of samples that it has learned since it started. */
  learned: number;
  steps: number;
}
