// libtorch's global settings and build: `torch.backends`, determinism, dtypes, threads. They are
// the process's, not an environment's. Source: torch/csrc/Module.cpp.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>
#include <ATen/Version.h>
#include <ATen/autocast_mode.h>
#include <c10/core/DefaultDtype.h>
#include <c10/core/ScalarTypeToTypeMeta.h>

#include <memory>
#include <string_view>
#include <type_traits>

#include "bindings/bindings.h"
#include "bindings/caller_state.h"
#include "bindings/externals.h"
#include "bindings/saturating_cast.h"

namespace torch_losses {
namespace {

at::Context& context() { return at::globalContext(); }

// Converts the setting for reduced-precision reductions to Python's boolean. In newer versions of
// libtorch it is an enumeration, which also tells whether reductions may be split.
template <typename Option>
bool allows(Option option) {
  if constexpr (std::is_same_v<Option, bool>) {
    return option;
  } else {
    return option == Option::AllowReducedPrecisionWithSplitK;
  }
}

// A boolean setting, by the name that lib/backends uses.
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

std::string get_float32_matmul_precision() {
  switch (context().float32MatmulPrecision()) {
    case at::Float32MatmulPrecision::HIGH: return "high";
    case at::Float32MatmulPrecision::MEDIUM: return "medium";
    default: return "highest";
  }
}

// Returns the precision that a backend (`generic`, `cuda`, `mkldnn`) computes float32 in, for a
// kind of operator (`all`, `conv`, `rnn`, `matmul`).
std::string fp32_precision(const std::string& backend, const std::string& op) {
  return at::precision2str(context().float32Precision(at::str2backend(backend), at::str2op(op)));
}

void set_fp32_precision(const std::string& backend, const std::string& op,
                        const std::string& precision) {
  context().setFloat32Precision(at::str2backend(backend), at::str2op(op),
                                at::str2precision(precision));
}

void add_precision(Bindings& bindings) {
  bindings.add("get_flag", [](const std::string& name) { return flag(name).get(); });
  bindings.add("set_flag", [](const std::string& name, bool value) { flag(name).set(value); });
  bindings.add("cudnn_benchmark_limit", [] { return context().benchmarkLimitCuDNN(); });
  bindings.add("set_cudnn_benchmark_limit",
               [](int64_t limit) { context().setBenchmarkLimitCuDNN(static_cast<int>(limit)); });
  bindings.add<&fp32_precision>("fp32_precision");
  bindings.add<&set_fp32_precision>("set_fp32_precision");
  bindings.add<&get_float32_matmul_precision>("get_float32_matmul_precision");
  bindings.add("set_float32_matmul_precision", [](const std::string& precision) {
    context().setFloat32MatmulPrecision(precision);
  });
  bindings.add("deterministic_algorithms", [] { return context().deterministicAlgorithms(); });
  bindings.add("deterministic_algorithms_warn_only",
               [] { return context().deterministicAlgorithmsWarnOnly(); });
  bindings.add("use_deterministic_algorithms", [](bool mode, bool warn_only) {
    context().setDeterministicAlgorithms(mode, warn_only);
  });
}

void add_build(Bindings& bindings) {
  bindings.add<&at::show_config>("show_config");
  bindings.add<&at::Context::hasMKL>("has_mkl");
  bindings.add<&at::Context::hasMKLDNN>("has_mkldnn");
  bindings.add<&at::Context::hasOpenMP>("has_openmp");
  bindings.add<&at::Context::hasCUDA>("has_cuda");
  bindings.add<&at::get_cpu_capability>("cpu_capability");
}

void add_dtypes(Bindings& bindings) {
  bindings.add<&c10::get_default_dtype_as_scalartype>("get_default_dtype");
  bindings.add("set_default_dtype", [](at::ScalarType dtype) {
    c10::set_default_dtype(c10::scalarTypeToTypeMeta(dtype));
  });
  bindings.add("element_size", [](at::ScalarType dtype) { return c10::elementSize(dtype); });
  bindings.add<&c10::promoteTypes>("promote_types");
}

// The modes of a thread: grad mode, inference mode, autocast, the number of threads, and so on.
struct Modes {
  CallerState state;
  // A job does not keep the casts of autocast, so CallerState leaves this out.
  bool caches_casts = at::autocast::is_autocast_cache_enabled();
};

constexpr ExternalType kModes = {{0x6d1e08f7c94b2a35ULL, 0xb2705ad1e63c8f94ULL}, "modes"};

napi_value capture_modes(Environment& environment) {
  return new_external(environment, kModes, std::make_unique<Modes>());
}

}  // namespace

template <>
Modes* read(Environment& environment, napi_value value) {
  return read_external<Modes>(environment, kModes, value);
}

void add_context(Bindings& bindings) {
  bindings.add<&capture_modes>("capture_modes");
  bindings.add("set_modes", [](Modes* modes) {
    at::ThreadLocalState::setThreadLocalState(modes->state.thread_local_state());
    modes->state.apply();
    at::autocast::set_autocast_cache_enabled(modes->caches_casts);
  });
  add_precision(bindings);
  add_build(bindings);
  add_dtypes(bindings);
  bindings.add<&set_flush_denormal>("set_flush_denormal");
  bindings.add<&at::get_num_threads>("get_num_threads");
  bindings.add("set_num_threads", [](int64_t count) {
    at::set_num_threads(saturating_cast<int>(static_cast<double>(count)));
  });
  // Returns the full name of the device that a name stands for, whether or not it exists.
  bindings.add("parse_device", [](const std::string& name) { return at::Device(name); });
}

}  // namespace torch_losses
