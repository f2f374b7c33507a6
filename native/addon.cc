// The addon's entry point: creates an environment's state and exports the functions that JavaScript
// can call. lib/bindings/native/ declares their types.
#include <torch/version.h>

#include <string>
#include <type_traits>

#include "bindings/bindings.h"
#include "exports.h"
#include "kernels/kernels.h"
#include "losses/arguments.h"
#include "losses/losses.h"
#include "losses/targets.h"
#include "memory/allocator.h"
#include "memory/compact.h"
#include "operators/meta.h"

// libtorch's version; the highest two bytes are major and minor. Declared here because the header
// that declares it includes all of ATen.
extern "C" uint64_t aoti_torch_abi_version();

namespace torch_losses {
namespace {

// Throws if libtorch has another minor version than the addon was built for. Otherwise many calls
// would run, and misread objects whose layout differs.
void refuse_another_libtorch(Napi::Env env) {
  const auto name = [](uint64_t major, uint64_t minor) {
    return std::to_string(major) + "." + std::to_string(minor);
  };
  const uint64_t version = aoti_torch_abi_version();
  const std::string actual = name(version >> 56, version >> 48 & 0xff);
  const std::string expected = name(TORCH_VERSION_MAJOR, TORCH_VERSION_MINOR);
  if (actual != expected) {
    throw Napi::Error::New(env, "it is built for libtorch " + expected +
                                    ", and the libtorch in this process is " + actual);
  }
}

// Takes the device by name, because a device that this machine lacks has defaults too.
losses::LinearCrossEntropyOptions adjust_options(const losses::LinearCrossEntropyOptions& options,
                                                 int64_t num_batches, int64_t in_features,
                                                 int64_t num_classes, at::ScalarType dtype,
                                                 const std::optional<std::string>& device,
                                                 bool has_probabilities) {
  std::optional<at::Device> parsed;
  if (device) parsed.emplace(*device);
  return losses::adjust(options, num_batches, in_features, num_classes, dtype, parsed,
                        has_probabilities);
}

// A loss as JavaScript calls it: an own kernel computes it if there is one that is on and accepts
// the arguments, else the loss itself. The result keeps no more memory than it needs.
template <auto Loss, auto Kernel, typename Type = decltype(Loss)>
struct Computation;
template <auto Loss, auto Kernel, typename... Parameters>
struct Computation<Loss, Kernel, at::Tensor (*)(Parameters...)> {
  static at::Tensor run(Parameters... parameters) {
    if constexpr (!std::is_null_pointer_v<decltype(Kernel)>) {
      if (std::optional<at::Tensor> result = Kernel(parameters...)) return *std::move(result);
    }
    at::Tensor result = Loss(parameters...);
    compact(result);
    return result;
  }
};

template <auto Loss, auto Kernel = nullptr>
void add_loss(Bindings& bindings, const char* name) {
  bindings.add_function<&Computation<Loss, Kernel>::run>(name);
}

void add_losses(Bindings& bindings) {
  bindings.add<&losses::adaptive_log_softmax_with_loss>("adaptive_log_softmax_with_loss");
  bindings.add_async<&losses::adaptive_log_softmax_with_loss>("adaptive_log_softmax_with_loss");
  add_loss<&losses::binary_cross_entropy>(bindings, "binary_cross_entropy");
  add_loss<&losses::binary_cross_entropy_with_logits>(bindings, "binary_cross_entropy_with_logits");
  add_loss<&losses::cosine_embedding_loss>(bindings, "cosine_embedding_loss");
  add_loss<&losses::cross_entropy, &kernels::cross_entropy>(bindings, "cross_entropy");
  add_loss<&losses::ctc_loss>(bindings, "ctc_loss");
  add_loss<&losses::gaussian_nll_loss>(bindings, "gaussian_nll_loss");
  add_loss<&losses::hinge_embedding_loss>(bindings, "hinge_embedding_loss");
  add_loss<&losses::huber_loss, &kernels::huber_loss>(bindings, "huber_loss");
  add_loss<&losses::kl_div>(bindings, "kl_div");
  add_loss<&losses::l1_loss, &kernels::l1_loss>(bindings, "l1_loss");
  bindings.add_function<&losses::linear_cross_entropy, true>("linear_cross_entropy");
  bindings.add<&adjust_options>("adjust_linear_cross_entropy_options");
  add_loss<&losses::margin_ranking_loss>(bindings, "margin_ranking_loss");
  add_loss<&losses::mse_loss, &kernels::mse_loss>(bindings, "mse_loss");
  add_loss<&losses::multi_margin_loss>(bindings, "multi_margin_loss");
  add_loss<&losses::multilabel_margin_loss>(bindings, "multilabel_margin_loss");
  add_loss<&losses::multilabel_soft_margin_loss>(bindings, "multilabel_soft_margin_loss");
  add_loss<&losses::nll_loss>(bindings, "nll_loss");
  add_loss<&losses::poisson_nll_loss>(bindings, "poisson_nll_loss");
  add_loss<&losses::smooth_l1_loss, &kernels::smooth_l1_loss>(bindings, "smooth_l1_loss");
  add_loss<&losses::soft_margin_loss>(bindings, "soft_margin_loss");
  add_loss<&losses::triplet_margin_loss>(bindings, "triplet_margin_loss");
  add_loss<&losses::triplet_margin_with_distance_loss>(bindings,
                                                       "triplet_margin_with_distance_loss");
  add_loss<&losses::triplet_margin_with_pairwise_distance_loss>(
      bindings, "triplet_margin_with_pairwise_distance_loss");
}

void add_all(Bindings& bindings) {
  add_environment(bindings);
  add_sharing(bindings);
  add_allocator(bindings);
  add_mapped_parts(bindings);
  add_tensors(bindings);
  add_autograd(bindings);
  add_hooks(bindings);
  add_custom_functions(bindings);
  add_anomaly_mode(bindings);
  add_autocast(bindings);
  add_operators(bindings);
  add_operator_calls(bindings);
  add_recorded_calls(bindings);
  add_generators(bindings);
  add_context(bindings);
  add_cuda(bindings);
  add_streams(bindings);
  add_scripts(bindings);
  add_stores(bindings);
  add_groups(bindings);
  add_collectives(bindings);
  add_reducers(bindings);
  add_comm_hooks(bindings);
  add_joins(bindings);
  add_targets(bindings);
  add_kernels(bindings);
  add_losses(bindings);
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  refuse_another_libtorch(env);
  install_allocator();
  register_meta_kernels();
  auto* environment = new Environment(env);
  env.SetInstanceData(environment);
  // Guarded, because a worker may be terminated while it loads the addon.
  return Napi::Object(env, run_guarded(*environment, [&]() -> napi_value {
                        Bindings bindings(*environment, exports);
                        add_all(bindings);
                        return exports;
                      }));
}

NODE_API_MODULE(torch_losses, initialize)

}  // namespace
}  // namespace torch_losses
