// One call of any operator, for the functions that make such calls in their own way.
#pragma once

#include "bindings/node_api.h"

#include <ATen/core/ivalue.h>
#include <c10/util/DimVector.h>
#include <c10/util/SmallVector.h>

#include <array>
#include <utility>
#include <vector>

#include "operators/operators.h"

namespace torch_losses {

class Environment;

// The sizes and strides of a tensor whose memory cannot be resized. A resizing operator changes
// them before it throws for that reason, which would leave a tensor that reaches beyond its memory.
class SavedGeometry {
 public:
  explicit SavedGeometry(const at::Tensor& tensor)
      : tensor_(tensor),
        sizes_(tensor.sizes()),
        strides_(tensor.strides()),
        offset_(tensor.storage_offset()) {}

  void restore() const {
    tensor_.unsafeGetTensorImpl()->set_sizes_and_strides(sizes_, strides_, offset_);
  }

 private:
  at::Tensor tensor_;
  c10::DimVector sizes_;
  c10::DimVector strides_;
  int64_t offset_;
};

// One call of an operator, without its stack.
struct Call {
  Environment& environment;
  const BoundOperator& op;
  // The positions and identities of the tensor arguments, to recognise one that is returned.
  c10::SmallVector<std::pair<size_t, const c10::TensorImpl*>, 8> tensors;
  // The written arguments whose memory cannot be resized.
  std::vector<SavedGeometry> unresizable;

  void prepare_write(const at::Tensor& tensor);
  void run(torch::jit::Stack& stack) const;
};

// The arguments of a callback that takes any number of them.
class CallbackArguments {
 public:
  CallbackArguments(napi_env env, napi_callback_info info);

  Environment& environment() const;
  size_t count() const { return count_; }
  napi_value operator[](size_t index) const { return values_[index]; }

 private:
  std::array<napi_value, 18> inline_{};
  std::vector<napi_value> heap_;
  size_t count_;
  napi_value* values_;
  void* data_ = nullptr;
};

// Reads a call whose values begin at `first`: the operator's number, a bit mask that tells which
// arguments are handles, the arguments. Returns it with the operator's stack.
std::pair<Call, torch::jit::Stack> read_call(const CallbackArguments& values, size_t first);

// Throws for operators that give a tensor other memory. Jobs that are already submitted have marked
// the old memory as in use.
void check_can_be_job(const BoundOperator& op);

// Converts the results on the stack.
napi_value results(const Call& call, torch::jit::Stack stack);

// Calls `visit` with each tensor in an argument.
template <typename Visit>
void visit_tensors(const c10::IValue& value, Visit visit) {
  if (value.isTensor() && value.toTensor().defined()) visit(value.toTensor());
  if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector()) visit(tensor);
  } else if (value.isOptionalTensorList()) {
    for (const std::optional<at::Tensor>& tensor : value.toOptionalTensorVector()) {
      if (tensor && tensor->defined()) visit(*tensor);
    }
  } else if (value.isList()) {
    for (const c10::IValue& element : value.toListRef()) {
      if (element.isTensorList()) visit_tensors(element, visit);
    }
  }
}

}  // namespace torch_losses
