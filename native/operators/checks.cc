// Sources of the operators' requirements: ATen/native/Copy.cpp (copy), Itertools.cpp
// (combinations), LossCTC.cpp (ctc_loss), Normalization.cpp (batch_norm_cpu), QuantizedLinear.cpp
// (fbgemm_*), quantized/QTensor.cpp (choose_qparams_optimized) and mkldnn/RNN.cpp
// (mkldnn_rnn_layer).
#include "operators/checks.h"

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <initializer_list>
#include <optional>
#include <unordered_map>

#include "losses/ctc_targets.h"
#include "losses/snapshot.h"

namespace torch_losses {
namespace {

using torch::jit::Stack;

// For tensors that are not strided, the functional copy() calls itself without end.
void check_copy(Stack& arguments) {
  if (!arguments[0].isTensor()) return;  // TorchScript's overloads for lists and dictionaries
  const auto& self = arguments[0].toTensor();
  const auto& source = arguments[1].toTensor();
  const auto check_strided = [](const char* name, const at::Tensor& tensor) {
    TORCH_CHECK(!tensor.defined() || tensor.layout() == at::kStrided, "copy(): expected ", name,
                " to be a strided tensor, but its layout is ", tensor.layout());
  };
  check_strided("self", self);
  check_strided("src", source);
}

// In evaluation mode, missing running statistics would be read through a null pointer.
void check_native_batch_norm(Stack& arguments) {
  const auto& input = arguments[0].toTensor();
  if (!input.defined() || input.dim() < 2) return;
  const bool is_training = arguments[5].toBool();
  const auto check = [&](const char* name, const std::optional<at::Tensor>& given, bool is_needed) {
    if (!given || !given->defined()) {
      TORCH_CHECK(!is_needed, name, " must be defined in evaluation mode");
      return;
    }
    TORCH_CHECK(given->numel() == input.size(1), name, " should contain ", input.size(1),
                " elements not ", given->numel());
  };
  check("weight", arguments[1].toOptional<at::Tensor>(), false);
  check("bias", arguments[2].toOptional<at::Tensor>(), false);
  check("running_mean", arguments[3].toOptional<at::Tensor>(), !is_training);
  check("running_var", arguments[4].toOptional<at::Tensor>(), !is_training);
}

// oneDNN gets bare pointers, and assumes the sizes of an LSTM with this input and `hidden_size`.
void check_mkldnn_rnn_layer(Stack& arguments) {
  constexpr int64_t kLstm = 2;
  constexpr int64_t kGates = 4;
  const auto& input = arguments[0].toTensor();
  TORCH_CHECK(arguments[9].toInt() == kLstm, "mkldnn_rnn_layer(): expected mode ", kLstm,
              " (LSTM), but got ", arguments[9].toInt());
  TORCH_CHECK(input.dim() == 3, "mkldnn_rnn_layer(): expected input to be 3D, but got ",
              input.dim(), "D");
  const int64_t hidden = arguments[10].toInt();
  TORCH_CHECK(hidden > 0 && input.numel() > 0,
              "mkldnn_rnn_layer(): expected hidden_size > 0 and an input with elements, but got ",
              hidden, " and ", input.sizes());
  const auto check = [&](const char* name, const at::Tensor& tensor, at::IntArrayRef sizes) {
    TORCH_CHECK(tensor.layout() == at::kStrided && tensor.is_cpu() && tensor.is_contiguous() &&
                    tensor.scalar_type() == input.scalar_type() &&
                    tensor.numel() == c10::multiply_integers(sizes),
                "mkldnn_rnn_layer(): expected ", name, " to be a contiguous CPU tensor of ", sizes,
                " and of input's dtype, but got ", tensor.toString(), " of ", tensor.sizes());
  };
  const int64_t gates = kGates * hidden;
  check("input", input, input.sizes());
  check("weight0", arguments[1].toTensor(), {gates, input.size(2)});
  check("weight1", arguments[2].toTensor(), {gates, hidden});
  if (arguments[12].toBool()) {
    check("weight2", arguments[3].toTensor(), {gates});
    check("weight3", arguments[4].toTensor(), {gates});
  }
  check("hx_", arguments[5].toTensor(), {input.size(1), hidden});
  check("cx_", arguments[6].toTensor(), {input.size(1), hidden});
}

void check_ctc_loss(Stack& arguments) {
  const auto& log_probs = arguments[0].toTensor();
  for (size_t index = 1; index <= 3; ++index) {
    at::IValue& argument = arguments[index];
    if (!argument.isTensor()) continue;
    if (!argument.toTensor().defined()) return;
    argument = snapshot_of(argument.toTensor());
  }
  const auto& lengths = arguments[3];
  if (!log_probs.defined()) return;
  ctc_targets::check(
      log_probs, arguments[1].toTensor(),
      lengths.isTensor() ? ctc_targets::list_of(lengths.toTensor()) : lengths.toIntVector());
}

// combinations() allocates `r` tensors before it checks whether so many combinations exist.
void check_combinations(Stack& arguments) {
  constexpr int64_t kMax = 1 << 20;
  const int64_t r = arguments[1].toInt();
  TORCH_CHECK(r <= kMax, "combinations(): expected r to be at most ", kMax, ", but got ", r);
}

// These operators read the bytes of any tensor as if it were a strided CPU tensor.
void check_on_cpu(Stack& arguments) {
  for (const c10::IValue& argument : arguments) {
    if (!argument.isTensor() || !argument.toTensor().defined()) continue;
    const auto& tensor = argument.toTensor();
    TORCH_CHECK(tensor.is_cpu() && tensor.layout() == at::kStrided,
                "expected strided CPU tensors, but got one of ", tensor.layout(), " on ",
                tensor.device());
  }
}

}  // namespace

OperatorCheck operator_check(const std::string& name) {
  static const std::unordered_map<std::string, OperatorCheck> kChecks = {
      {"aten::choose_qparams_optimized", check_on_cpu},
      {"aten::combinations", check_combinations},
      {"aten::copy", check_copy},
      {"aten::ctc_loss", check_ctc_loss},
      {"aten::_ctc_loss", check_ctc_loss},
      {"aten::native_batch_norm", check_native_batch_norm},
      {"aten::mkldnn_rnn_layer", check_mkldnn_rnn_layer},
  };
  if (name.starts_with("aten::fbgemm_")) return check_on_cpu;
  const auto found = kChecks.find(name);
  return found == kChecks.end() ? nullptr : found->second;
}

}  // namespace torch_losses
