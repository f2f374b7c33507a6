// What the process has set of libtorch's behaviour: `torch.backends` and its like. Source:
// torch/csrc/Module.cpp.
#include "operators/context.h"

#include <ATen/Context.h>

#include <string_view>
#include <type_traits>

#include "bindings/bindings.h"

namespace torch_losses {
namespace {

at::Context& context() { return at::globalContext(); }

// Newer versions tell apart reductions in parts, which Python's boolean leaves allowed.
template <typename Option>
bool allows(Option option) {
  if constexpr (std::is_same_v<Option, bool>) {
    return option;
  } else {
    return option == Option::AllowReducedPrecisionWithSplitK;
  }
}

struct Flag {
  std::string_view name;
  bool (*get)();
  void (*set)(bool value);
};

constexpr Flag kFlags[] = {
    {"cudnn.enabled", [] { return context().userEnabledCuDNN(); },
     [](bool value) { context().setUserEnabledCuDNN(value); }},
    {"cudnn.deterministic", [] { return context().deterministicCuDNN(); },
     [](bool value) { context().setDeterministicCuDNN(value); }},
    {"cudnn.benchmark", [] { return context().benchmarkCuDNN(); },
     [](bool value) { context().setBenchmarkCuDNN(value); }},
    {"cudnn.allow_tf32", [] { return context().allowTF32CuDNN(); },
     [](bool value) { context().setAllowTF32CuDNN(value); }},
    {"cuda.matmul.allow_tf32", [] { return context().allowTF32CuBLAS(); },
     [](bool value) { context().setAllowTF32CuBLAS(value); }},
    {"cuda.matmul.allow_fp16_reduced_precision_reduction",
     [] { return allows(context().allowFP16ReductionCuBLAS()); },
     [](bool value) { context().setAllowFP16ReductionCuBLAS(value); }},
    {"cuda.matmul.allow_bf16_reduced_precision_reduction",
     [] { return allows(context().allowBF16ReductionCuBLAS()); },
     [](bool value) { context().setAllowBF16ReductionCuBLAS(value); }},
    {"cuda.matmul.allow_fp16_accumulation", [] { return context().allowFP16AccumulationCuBLAS(); },
     [](bool value) { context().setAllowFP16AccumulationCuBLAS(value); }},
    {"mkldnn.enabled", [] { return context().userEnabledMkldnn(); },
     [](bool value) { context().setUserEnabledMkldnn(value); }},
};

const Flag& flag(const std::string& name) {
  for (const Flag& known : kFlags) {
    if (known.name == name) return known;
  }
  throw_type_error("no flag " + name);
}

bool get_flag(const std::string& name) { return flag(name).get(); }

void set_flag(const std::string& name, bool value) { flag(name).set(value); }

int64_t cudnn_benchmark_limit() { return context().benchmarkLimitCuDNN(); }

void set_cudnn_benchmark_limit(int64_t limit) {
  context().setBenchmarkLimitCuDNN(static_cast<int>(limit));
}

// What float32 is computed in by a backend (`generic`, `cuda`, `mkldnn`) in a kind of operator
// (`all`, `conv`, `rnn`, `matmul`).
std::string fp32_precision(const std::string& backend, const std::string& op) {
  return at::precision2str(context().float32Precision(at::str2backend(backend), at::str2op(op)));
}

void set_fp32_precision(const std::string& backend, const std::string& op,
                        const std::string& precision) {
  context().setFloat32Precision(at::str2backend(backend), at::str2op(op),
                                at::str2precision(precision));
}

bool has_mkl() { return at::Context::hasMKL(); }

bool has_mkldnn() { return at::Context::hasMKLDNN(); }

bool has_openmp() { return at::Context::hasOpenMP(); }

std::string get_float32_matmul_precision() {
  switch (context().float32MatmulPrecision()) {
    case at::Float32MatmulPrecision::HIGH:
      return "high";
    case at::Float32MatmulPrecision::MEDIUM:
      return "medium";
    default:
      return "highest";
  }
}

void set_float32_matmul_precision(const std::string& precision) {
  context().setFloat32MatmulPrecision(precision);
}

bool deterministic_algorithms() { return context().deterministicAlgorithms(); }

bool deterministic_algorithms_warn_only() { return context().deterministicAlgorithmsWarnOnly(); }

void use_deterministic_algorithms(bool mode, bool warn_only) {
  context().setDeterministicAlgorithms(mode, warn_only);
}

thread_local bool flushes_denormals = false;

}  // namespace

bool flush_denormal() { return flushes_denormals; }

// The processor's flag is a thread's. Returns whether the processor has one.
bool set_flush_denormal(bool mode) {
  if (!context().setFlushDenormal(mode)) return false;
  flushes_denormals = mode;
  return true;
}

void add_context(Bindings& bindings) {
  bindings.add<&get_flag>("get_flag");
  bindings.add<&set_flag>("set_flag");
  bindings.add<&cudnn_benchmark_limit>("cudnn_benchmark_limit");
  bindings.add<&set_cudnn_benchmark_limit>("set_cudnn_benchmark_limit");
  bindings.add<&fp32_precision>("fp32_precision");
  bindings.add<&set_fp32_precision>("set_fp32_precision");
  bindings.add<&has_mkl>("has_mkl");
  bindings.add<&has_mkldnn>("has_mkldnn");
  bindings.add<&has_openmp>("has_openmp");
  bindings.add<&get_float32_matmul_precision>("get_float32_matmul_precision");
  bindings.add<&set_float32_matmul_precision>("set_float32_matmul_precision");
  bindings.add<&deterministic_algorithms>("deterministic_algorithms");
  bindings.add<&deterministic_algorithms_warn_only>("deterministic_algorithms_warn_only");
  bindings.add<&set_flush_denormal>("set_flush_denormal");
  bindings.add<&use_deterministic_algorithms>("use_deterministic_algorithms");
}

}  // namespace torch_losses
