/** The default dtype: the dtype of floating-point numbers without a `dtype`. It is set for the process. */
import { typeError } from '../bindings/errors';
import { native } from '../bindings/native';
import { describe } from '../dispatch/arguments';
import { DType } from './dtype';
import { dtypeFromCode } from './dtype_table';

/** Returns the dtype that floating-point numbers get by default, in the whole process. */
export function get_default_dtype(): DType {
  return dtypeFromCode(native.get_default_dtype());
}

/**
 * Sets the dtype that floating-point numbers get by default, in the whole process.
 *
 * @throws TypeError unless the dtype is a floating-point dtype
 */
export function set_default_dtype(dtype: DType): void {
  if (!(dtype instanceof DType)) {
    throw typeError(`set_default_dtype(): d must be a torch.dtype, got ${describe(dtype)}`);
  }
  if (!dtype.is_floating_point) {
    throw typeError('only floating-point types are supported as the default type');
  }
  native.set_default_dtype(dtype.code);
}
