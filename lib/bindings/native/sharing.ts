/** Tensors on their way to another thread: native/bindings/sharing.cc. */
import type { Handle } from '../handle';

export interface NativeSharing {
  share_tensor(tensor: Handle, milliseconds: number): string;
  claim_tensor(token: string): Handle;
  /** Those that nobody has claimed yet. */
  waiting_tensors(): [count: number, bytes: number];
}
