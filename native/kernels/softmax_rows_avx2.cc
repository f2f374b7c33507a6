// CMakeLists.txt compiles this file for AVX2 if the processor's architecture has it.
#include "kernels/softmax_rows.h"

#ifdef __AVX2__
#include "kernels/softmax_rows_body.h"
#endif

namespace torch_losses::kernels::softmax_rows {

#ifdef __AVX2__
namespace {

struct Avx2 {
  using Register = __m256;
  using Mask = __m256i;
  static constexpr int64_t kWidth = 8;
  static constexpr const char* kLog = "Sleef_logf8_u10";

  static Register all(float number) { return _mm256_set1_ps(number); }
  static Mask first(int64_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static Register load(const float* from) { return _mm256_loadu_ps(from); }
  static Register load(const float* from, Mask mask) { return _mm256_maskload_ps(from, mask); }
  static void store(float* to, Register value) { _mm256_storeu_ps(to, value); }
  static void store(float* to, Register value, Mask mask) { _mm256_maskstore_ps(to, mask, value); }
  static Register select(Mask mask, Register where, Register otherwise) {
    return _mm256_blendv_ps(otherwise, where, _mm256_castsi256_ps(mask));
  }

  static Register fma(Register a, Register b, Register c) { return _mm256_fmadd_ps(a, b, c); }
  static __m256i round(Register value) { return _mm256_cvtps_epi32(value); }
  static Register number(__m256i rounded) { return _mm256_cvtepi32_ps(rounded); }
  // Multiplies in two steps, because the power itself may be too small for a float.
  static Register times_power_of_two(Register value, __m256i exponent) {
    const auto power = [](__m256i of) {
      return _mm256_castsi256_ps(
          _mm256_slli_epi32(_mm256_add_epi32(of, _mm256_set1_epi32(127)), 23));
    };
    const __m256i half = _mm256_srai_epi32(exponent, 1);
    return value * power(half) * power(_mm256_sub_epi32(exponent, half));
  }
  static Register zero_where_less(Register compared, float bound, Register value) {
    return _mm256_andnot_ps(_mm256_cmp_ps(compared, _mm256_set1_ps(bound), _CMP_LT_OS), value);
  }

  template <typename Operation>
  static float reduced(Register value, Operation operation) {
    value = operation(value, _mm256_permute2f128_ps(value, value, 0x1));
    value = operation(value, _mm256_shuffle_ps(value, value, 0x4E));
    value = operation(value, _mm256_shuffle_ps(value, value, 0xB1));
    return value[0];
  }
};

}  // namespace
#endif

const Kernels* avx2() {
#ifdef __AVX2__
  return &kKernels<Avx2>;
#else
  return nullptr;
#endif
}

}  // namespace torch_losses::kernels::softmax_rows
