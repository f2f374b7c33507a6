// Calls that JavaScript has made and that run together later, as one job.
//
// The result of a recorded call is a placeholder: a tensor without a dtype. Other recorded calls
// take it as an argument, by `resolve` when they run. Whatever needs more of it, or of a tensor
// that a recorded call writes to, throws NotComputed. JavaScript then lets the calls run, and
// starts again (lib/dispatch/replay.ts).
#pragma once

#include "bindings/node_api.h"

#include <ATen/core/Tensor.h>
#include <c10/core/TensorImpl.h>

#include <atomic>
#include <functional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace torch_losses {

struct Job;

// Thrown if the value of a tensor is needed whose call was recorded.
struct NotComputed {};

// Stands for the result of a recorded call.
class Placeholder final : public c10::TensorImpl {
 public:
  Placeholder();

  // Sets the tensor, on the thread that computes it.
  void set(at::Tensor value);
  // Returns the tensor, or nullptr if it was not computed yet. May be called on any thread.
  const at::Tensor* value() const { return is_set_.load() ? &value_ : nullptr; }

 private:
  at::Tensor value_;
  std::atomic<bool> is_set_ = false;
};

// Returns the placeholder that a tensor is, or nullptr.
inline Placeholder* placeholder_of(const at::Tensor& tensor) {
  if (tensor.dtype() != caffe2::TypeMeta() || !tensor.defined()) return nullptr;
  return static_cast<Placeholder*>(tensor.unsafeGetTensorImpl());
}

// Replaces a placeholder by its tensor. Throws if the call that computes it has failed.
void resolve(at::Tensor& tensor);

class Recording {
 public:
  // `runs_small_calls`: calls on tensors of one element run at once, because their results decide
  // how to go on, as an optimizer's counts of steps do.
  explicit Recording(bool runs_small_calls) : runs_small_calls_(runs_small_calls) {}
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  bool empty() const { return calls_.empty(); }
  bool runs_small_calls() const { return runs_small_calls_; }

  // Adds a call, with the grad mode of now. `is_repeatable`: `run` changes nothing when it fails.
  void add(std::function<void()> run, bool is_repeatable);
  // Says that the call to be added uses a tensor's memory, or writes to it.
  void use(const at::Tensor& tensor, bool is_written);
  // Whether a call uses a tensor's memory; whether one writes to it.
  bool uses(const at::Tensor& tensor) const;
  bool writes(const at::Tensor& tensor) const;

  // Runs the calls that have not run. May be called again if it throws and `job.is_repeatable`.
  void run(Job& job);

  // The tensors that the calls use, and those of them that they write to.
  std::vector<at::Tensor> tensors;
  std::vector<at::Tensor> written;
  // Returns the result of the last call, if JavaScript cannot go on without it.
  std::function<napi_value()> result;

  // While an instance exists, arguments are read for a recorded call. Placeholders are accepted.
  class ReadingScope {
   public:
    explicit ReadingScope(Recording& recording) : recording_(recording) {
      recording.is_reading_ = true;
    }
    ~ReadingScope() { recording_.is_reading_ = false; }
    ReadingScope(const ReadingScope&) = delete;
    ReadingScope& operator=(const ReadingScope&) = delete;

   private:
    Recording& recording_;
  };
  bool is_reading() const { return is_reading_; }

 private:
  struct Call {
    std::function<void()> run;
    bool is_repeatable;
    bool records_graph;
  };

  bool runs_small_calls_;
  bool is_reading_ = false;
  std::vector<Call> calls_;
  size_t done_ = 0;
  std::unordered_set<const void*> used_memory_;
  std::unordered_set<const void*> written_memory_;
};

}  // namespace torch_losses
