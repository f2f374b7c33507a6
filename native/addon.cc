// The addon's entry point: creates an environment's state and exports the functions that JavaScript
// can call. lib/bindings/native.ts declares their types.
#include <torch/version.h>

#include <string>

#include "bindings/bindings.h"
#include "exports.h"
#include "kernels/shortcuts.h"
#include "losses/arguments.h"
#include "losses/losses.h"
#include "losses/targets.h"
#include "memory/allocator.h"

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

void add_losses(Bindings& bindings) {
  bindings.add<&losses::adaptive_log_softmax_with_loss>("adaptive_log_softmax_with_loss");
  bindings.add_async<&losses::adaptive_log_softmax_with_loss>("adaptive_log_softmax_with_loss");
  bindings.add_function<&losses::binary_cross_entropy>("binary_cross_entropy");
  bindings.add_function<&losses::binary_cross_entropy_with_logits>(
      "binary_cross_entropy_with_logits");
  bindings.add_function<&losses::cosine_embedding_loss>("cosine_embedding_loss");
  bindings.add_function<&losses::cross_entropy>("cross_entropy");
  bindings.add_function<&losses::ctc_loss>("ctc_loss");
  bindings.add_function<&losses::gaussian_nll_loss>("gaussian_nll_loss");
  bindings.add_function<&losses::hinge_embedding_loss>("hinge_embedding_loss");
  bindings.add_function<&losses::huber_loss>("huber_loss");
  bindings.add_function<&losses::kl_div>("kl_div");
  bindings.add_function<&losses::l1_loss>("l1_loss");
  bindings.add_function<&losses::linear_cross_entropy, true>("linear_cross_entropy");
  bindings.add<&adjust_options>("adjust_linear_cross_entropy_options");
  bindings.add_function<&losses::margin_ranking_loss>("margin_ranking_loss");
  bindings.add_function<&losses::mse_loss>("mse_loss");
  bindings.add_function<&losses::multi_margin_loss>("multi_margin_loss");
  bindings.add_function<&losses::multilabel_margin_loss>("multilabel_margin_loss");
  bindings.add_function<&losses::multilabel_soft_margin_loss>("multilabel_soft_margin_loss");
  bindings.add_function<&losses::nll_loss>("nll_loss");
  bindings.add_function<&losses::poisson_nll_loss>("poisson_nll_loss");
  bindings.add_function<&losses::smooth_l1_loss>("smooth_l1_loss");
  bindings.add_function<&losses::soft_margin_loss>("soft_margin_loss");
  bindings.add_function<&losses::triplet_margin_loss>("triplet_margin_loss");
  bindings.add_function<&losses::triplet_margin_with_distance_loss>(
      "triplet_margin_with_distance_loss");
  bindings.add_function<&losses::triplet_margin_with_pairwise_distance_loss>(
      "triplet_margin_with_pairwise_distance_loss");
}

void add_all(Bindings& bindings) {
  add_environment(bindings);
  add_sharing(bindings);
  add_allocator(bindings);
  add_tensors(bindings);
  add_autograd(bindings);
  add_autocast(bindings);
  add_operators(bindings);
  add_operator_calls(bindings);
  add_generators(bindings);
  add_context(bindings);
  add_cuda(bindings);
  add_streams(bindings);
  add_targets(bindings);
  add_shortcuts(bindings);
  add_losses(bindings);
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  refuse_another_libtorch(env);
  install_allocator();
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
