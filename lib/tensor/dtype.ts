/** The dtypes as constants. Aliases are the same object: `torch.long === torch.int64`. */
import { DType, dtypes } from './dtype_table';

export { DType };

const named = (name: string): DType => dtypes.get(name)!;

export const uint8 = named('uint8');
export const int8 = named('int8');
export const int16 = named('int16');
export const int32 = named('int32');
export const int64 = named('int64');
export const float16 = named('float16');
export const float32 = named('float32');
export const float64 = named('float64');
export const complex32 = named('complex32');
export const complex64 = named('complex64');
export const complex128 = named('complex128');
export const bool = named('bool');
export const bfloat16 = named('bfloat16');
export const float8_e5m2 = named('float8_e5m2');
export const float8_e4m3fn = named('float8_e4m3fn');
export const float8_e5m2fnuz = named('float8_e5m2fnuz');
export const float8_e4m3fnuz = named('float8_e4m3fnuz');
export const float8_e8m0fnu = named('float8_e8m0fnu');
export const uint16 = named('uint16');
export const uint32 = named('uint32');
export const uint64 = named('uint64');

export const short = int16;
export const int = int32;
export const long = int64;
export const half = float16;
export const float = float32;
export const double = float64;
export const chalf = complex32;
export const cfloat = complex64;
export const cdouble = complex128;
