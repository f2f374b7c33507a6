// Communication hooks of DistributedDataParallel: how the gradients of a bucket are combined.
// Source: torch/distributed/algorithms/ddp_comm_hooks/default_hooks.py,
// torch/csrc/distributed/c10d/python_comm_hook.cpp.
#include <ATen/ops/from_blob.h>

#include <atomic>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "bindings/bindings.h"
#include "bindings/functions.h"
#include "distributed/reducer.h"

namespace torch_losses {

namespace distributed {
namespace {

using FuturePointer = c10::intrusive_ptr<c10::ivalue::Future>;

// Averages the gradients of a bucket over the ranks of a group, in another dtype if one is given.
class AverageHook final : public c10d::CppCommHookInterface<std::shared_ptr<GroupPointer>> {
 public:
  AverageHook(const std::shared_ptr<GroupPointer>& group, std::optional<at::ScalarType> dtype)
      : c10d::CppCommHookInterface<std::shared_ptr<GroupPointer>>(group), dtype_(dtype) {}

  FuturePointer runHook(c10d::GradBucket& bucket) override {
    at::Tensor buffer = bucket.getBufferRef();
    Tensors sent{dtype_ ? buffer.to(*dtype_) : buffer};
    const GroupPointer group = *state_;
    TORCH_CHECK_VALUE(group, "Invalid process group specified or has been destroyed.");
    sent[0].div_(group->getSize());
    auto future = group->allreduce(sent)->getFuture();
    return future->then(
        [buffer](c10::ivalue::Future& combined) {
          const at::Tensor result = c10d::detail::parseCppCommHookResult(combined.value());
          if (!result.is_same(buffer)) buffer.copy_(result);
          return c10::IValue(buffer);
        },
        c10::TensorType::get());
  }

 private:
  std::optional<at::ScalarType> dtype_;
};

void register_hook(ReducerHandle* handle, const GroupPointer& group,
                   const std::optional<at::ScalarType>& dtype) {
  const ReplicaPointer& replica = handle->get();
  replica->reducer->register_comm_hook(std::make_unique<AverageHook>(replica->hook_group, dtype));
  *replica->hook_group = group;
}

// --- hooks in JavaScript -------------------------------------------------------------------------

// The results that hooks in JavaScript have promised, by number.
struct Promised {
  std::mutex mutex;
  std::unordered_map<int64_t, FuturePointer> futures;
  int64_t last = 0;
};

Promised& promised() {
  static auto* instance = new Promised;
  return *instance;
}

int64_t promise(const FuturePointer& future) {
  std::lock_guard lock(promised().mutex);
  promised().futures.emplace(++promised().last, future);
  return promised().last;
}

FuturePointer take_promised(int64_t number) {
  std::lock_guard lock(promised().mutex);
  auto found = promised().futures.find(number);
  TORCH_CHECK(found != promised().futures.end(), "the hook has ended");
  FuturePointer future = std::move(found->second);
  promised().futures.erase(found);
  return future;
}

// Returns a tensor with the same elements in the same memory, but with a storage of its own. The
// backward pass that runs the hook has claimed the storage of its gradients (memory_use.h).
at::Tensor alias_of(const at::Tensor& tensor) {
  if (!tensor.has_storage()) return tensor;
  return at::from_blob(
      tensor.mutable_data_ptr(), tensor.sizes(), tensor.strides(), [tensor](void*) {},
      tensor.options(), tensor.device());
}

// Calls a function of lib/nn/parallel/comm_hook.ts, which calls the user's hook. The function gets
// a number, under which it later reports the result.
class JavaScriptHook final : public c10d::CommHookInterface {
 public:
  // `parameters`: those of the model, by whose places the function knows them.
  JavaScriptHook(Environment& environment, napi_value function, const Tensors& parameters)
      : function_(environment, function) {
    for (const at::Tensor& parameter : parameters) {
      places_.emplace(parameter.unsafeGetTensorImpl(), static_cast<int64_t>(places_.size()));
    }
  }

  FuturePointer runHook(c10d::GradBucket& bucket) override {
    const at::Tensor& buffer = bucket.getBufferRef();
    std::vector<c10::Device> devices;
    if (!buffer.is_cpu()) devices.push_back(buffer.device());
    auto future = c10::make_intrusive<c10::ivalue::Future>(c10::TensorType::get(), devices);
    std::vector<int64_t> places;
    for (const at::Tensor& parameter : bucket.getParameters()) {
      places.push_back(places_.at(parameter.unsafeGetTensorImpl()));
    }
    function_.call([&](Environment& environment, napi_value function) {
      const std::vector<napi_value> arguments{
          to_javascript(environment, promise(future)),
          to_javascript(environment, static_cast<int64_t>(bucket.getIndex())),
          to_javascript(environment, bucket.isLast()), to_javascript(environment, alias_of(buffer)),
          to_javascript(environment, places)};
      call_node<napi_value>(environment.env(), napi_call_function, undefined(environment), function,
                            arguments.size(), arguments.data());
    });
    // A hook may start a collective after it has waited for another one. All ranks start them in
    // the same order only if no other hook runs meanwhile, nor the reducer.
    future->wait();
    return future;
  }

  at::Tensor parseHookResult(const c10::IValue& result) override { return result.toTensor(); }

 private:
  JavaScriptFunction function_;
  std::unordered_map<const at::TensorImpl*, int64_t> places_;
};

void register_javascript_hook(Environment& environment, ReducerHandle* handle,
                              napi_value function) {
  const ReplicaPointer& replica = handle->get();
  replica->reducer->register_comm_hook(
      std::make_unique<JavaScriptHook>(environment, function, handle->parameters()));
  replica->has_javascript_hook = true;
}

// Reports the result of a hook.
void resolve_hook(int64_t number, const at::Tensor& result) {
  take_promised(number)->markCompleted(result);
}

// Reports what a hook has thrown.
void reject_hook(Environment& environment, int64_t number, napi_value thrown) {
  const FuturePointer future = take_promised(number);
  check(environment.env(), napi_throw(environment.env(), thrown));
  future->setError(std::make_exception_ptr(JavaScriptError(environment)));
}

}  // namespace
}  // namespace distributed

void add_comm_hooks(Bindings& bindings) {
  using namespace distributed;  // NOLINT: a list of names
  bindings.add<&register_hook>("dist_register_hook");
  bindings.add<&register_javascript_hook>("dist_register_javascript_hook");
  bindings.add<&resolve_hook>("dist_resolve_hook");
  bindings.add<&reject_hook>("dist_reject_hook");
}

}  // namespace torch_losses
