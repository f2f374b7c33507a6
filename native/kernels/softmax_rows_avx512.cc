// CMakeLists.txt compiles this file for AVX-512 if the processor's architecture has it.
#include "kernels/softmax_rows.h"

#ifdef __AVX512F__
#include "kernels/softmax_rows_body.h"
#endif

namespace torch_losses::kernels::softmax_rows {

#ifdef __AVX512F__
namespace {

struct Avx512 {
  using Register = __m512;
  using Mask = __mmask16;
  static constexpr int64_t kWidth = 16;
  static constexpr const char* kLog = "Sleef_logf16_u10";

  static Register all(float number) { return _mm512_set1_ps(number); }
  static Mask first(int64_t count) { return static_cast<Mask>((1U << count) - 1); }
  static Register load(const float* from) { return _mm512_loadu_ps(from); }
  static Register load(const float* from, Mask mask) { return _mm512_maskz_loadu_ps(mask, from); }
  static void store(float* to, Register value) { _mm512_storeu_ps(to, value); }
  static void store(float* to, Register value, Mask mask) {
    _mm512_mask_storeu_ps(to, mask, value);
  }
  static Register select(Mask mask, Register where, Register otherwise) {
    return _mm512_mask_blend_ps(mask, otherwise, where);
  }

  static Register fma(Register a, Register b, Register c) { return _mm512_fmadd_ps(a, b, c); }
  static Register round(Register value) {
    return _mm512_roundscale_ps(value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Register number(Register rounded) { return rounded; }
  static Register times_power_of_two(Register value, Register exponent) {
    return _mm512_scalef_ps(value, exponent);
  }
  static Register zero_where_less(Register compared, float bound, Register value) {
    const Mask less = _mm512_cmp_ps_mask(compared, _mm512_set1_ps(bound), _CMP_LT_OS);
    return _mm512_mask_mov_ps(value, less, _mm512_setzero_ps());
  }

  template <typename Operation>
  static float reduced(Register value, Operation operation) {
    value = operation(value, _mm512_shuffle_f32x4(value, value, 0x4E));
    value = operation(value, _mm512_shuffle_f32x4(value, value, 0xB1));
    value = operation(value, _mm512_shuffle_ps(value, value, 0x4E));
    value = operation(value, _mm512_shuffle_ps(value, value, 0xB1));
    return value[0];
  }
};

}  // namespace
#endif

const Kernels* avx512() {
#ifdef __AVX512F__
  return &kKernels<Avx512>;
#else
  return nullptr;
#endif
}

}  // namespace torch_losses::kernels::softmax_rows
