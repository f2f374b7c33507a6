/** Tensors that are being shared with another thread: native/bindings/sharing.cc. */
import type { Handle } from '../handle';

export interface NativeSharing {
  share_tensor(tensor: Handle, milliseconds: number): string;
  claim_tensor(token: string): Handle;
  /** Returns how many shared tensors nobody has claimed yet, and their bytes. */
  waiting_tensors(): [count: number, bytes: number];
}
