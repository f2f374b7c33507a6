#include "bindings/recording.h"

#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>

#include "bindings/jobs.h"
#include "bindings/memory_use.h"

namespace torch_losses {

Placeholder::Placeholder() : TensorImpl(c10::DispatchKeySet(), caffe2::TypeMeta(), std::nullopt) {}

void Placeholder::set(at::Tensor value) {
  value_ = std::move(value);
  is_set_ = true;
}

void resolve(at::Tensor& tensor) {
  const Placeholder* placeholder = placeholder_of(tensor);
  if (placeholder == nullptr) return;
  const at::Tensor* value = placeholder->value();
  TORCH_CHECK(value != nullptr, "the call that computes the tensor has failed");
  tensor = *value;
}

void Recording::add(std::function<void()> run, bool is_repeatable) {
  calls_.push_back({std::move(run), is_repeatable, at::GradMode::is_enabled()});
}

void Recording::use(const at::Tensor& tensor, bool is_written) {
  if (used_memory_.insert(memory_of(tensor)).second) tensors.push_back(tensor);
  if (is_written && written_memory_.insert(memory_of(tensor)).second) written.push_back(tensor);
}

bool Recording::uses(const at::Tensor& tensor) const {
  return !used_memory_.empty() && used_memory_.contains(memory_of(tensor));
}

bool Recording::writes(const at::Tensor& tensor) const {
  return !written_memory_.empty() && written_memory_.contains(memory_of(tensor));
}

void Recording::run(Job& job) {
  for (; done_ < calls_.size(); ++done_) {
    Call& call = calls_[done_];
    job.is_repeatable = call.is_repeatable;
    at::AutoGradMode mode(call.records_graph);
    call.run();
    call.run = nullptr;  // frees what no later call needs
  }
}

}  // namespace torch_losses
