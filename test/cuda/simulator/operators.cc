// The operators of a simulated device. An operator that would launch a kernel is computed by the
// CPU kernel on the same bytes. Allocation, views, copies of plain memory, streams and events are
// libtorch's own code for CUDA.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/native/Resize.h>
#include <ATen/ops/copy_native.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/library.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "simulator.h"

namespace {

using at::Tensor;
using c10::DispatchKey;
using c10::impl::VirtualGuardImpl;

// --- the same bytes on the CPU -------------------------------------------------------------------

void* bytes_of(const Tensor& tensor) {
  return simulated_cuda_host_pointer(tensor.storage().data());
}

// Returns a CPU tensor with the same bytes, sizes and strides.
Tensor on_cpu(const Tensor& tensor) {
  const size_t bytes = tensor.storage().nbytes();
  void* data = bytes == 0 ? nullptr : bytes_of(tensor);
  c10::Storage storage(c10::Storage::use_byte_size_t(), bytes,
                       c10::DataPtr(data, c10::Device(c10::kCPU)), nullptr, false);
  Tensor alias = at::empty({0}, tensor.options().device(c10::kCPU).pinned_memory(false));
  alias.set_(std::move(storage), tensor.storage_offset(), tensor.sizes(), tensor.strides());
  if (tensor.unsafeGetTensorImpl()->is_wrapped_number()) {
    alias.unsafeGetTensorImpl()->set_wrapped_number(true);
  }
  if (tensor.is_neg()) alias._set_neg(true);
  if (tensor.is_conj()) alias._set_conj(true);
  return alias;
}

// Returns a device tensor with the contents of a CPU tensor.
Tensor on_device(const Tensor& tensor, c10::Device device) {
  Tensor there =
      at::empty_strided(tensor.sizes(), tensor.strides(), tensor.options().device(device));
  on_cpu(there).copy_(tensor);
  return there;
}

// Runs the earlier work of the stream first, so that the bytes are as a launched kernel would see
// them.
void catch_up(c10::Device device) {
  const c10::DeviceGuard guard(device);
  simulated_cuda_catch_up(VirtualGuardImpl(device.type()).getStream(device).native_handle());
}

// --- what a call is made with --------------------------------------------------------------------

// The tensors among the arguments of a call.
template <typename Visit>
void for_each_tensor(const c10::IValue& value, Visit visit) {
  if (value.isTensor()) {
    visit(value.toTensor());
  } else if (value.isTensorList()) {
    for (const Tensor& tensor : value.toTensorVector()) visit(tensor);
  } else if (value.isList()) {
    for (const c10::IValue& item : value.toListRef()) for_each_tensor(item, visit);
  }
}

c10::Device device_of(at::ArrayRef<c10::IValue> arguments) {
  std::optional<c10::Device> found;
  for (const c10::IValue& value : arguments) {
    for_each_tensor(value, [&](const Tensor& tensor) {
      if (!found && tensor.defined() && tensor.is_cuda()) found = tensor.device();
    });
    if (!found && value.isDevice() && value.toDevice().is_cuda()) found = value.toDevice();
  }
  TORCH_CHECK(found, "nothing tells the simulated device");
  return found->has_index() ? *found : VirtualGuardImpl(c10::kCUDA).getDevice();
}

// A number on the CPU is accepted, as in most of libtorch's CUDA kernels.
void check_devices(const std::string& name, at::ArrayRef<c10::IValue> arguments,
                   c10::Device device) {
  static const std::set<std::string> not_checked = {"aten::index",
                                                    "aten::index_put_",
                                                    "aten::_index_put_impl_",
                                                    "aten::_ctc_loss",
                                                    "aten::_ctc_loss_backward",
                                                    "aten::_foreach_copy_",
                                                    "aten::_amp_update_scale_"};
  if (not_checked.contains(name)) return;
  for (const c10::IValue& value : arguments) {
    for_each_tensor(value, [&](const Tensor& tensor) {
      const bool is_number = tensor.defined() && tensor.dim() == 0 && tensor.is_cpu();
      TORCH_CHECK(!tensor.defined() || is_number || tensor.device() == device,
                  "Expected all tensors to be on the same device, but found at least two "
                  "devices, ",
                  device, " and ", tensor.device(), "!");
    });
  }
}

// Returns a CPU generator with the state of the device's generator, which then advances.
c10::IValue generator_for(const c10::IValue& value, c10::Device device) {
  at::Generator generator =
      value.isGenerator() ? value.toGenerator() : at::globalContext().defaultGenerator(device);
  if (generator.device().is_cpu()) return value;
  const std::lock_guard lock(generator.mutex());
  const uint64_t offset = generator.get_offset();
  generator.set_offset(offset + 4);
  constexpr uint64_t kMixing = 0x9E3779B97F4A7C15;
  return at::make_generator<at::CPUGeneratorImpl>(generator.current_seed() ^ (offset * kMixing));
}

// Holds the CPU tensor for each device tensor during a call.
class Substitutes {
 public:
  explicit Substitutes(c10::Device device) : device_(device) {}

  c10::IValue for_argument(const c10::IValue& value, const c10::Argument& argument) {
    if (value.isDevice()) return c10::Device(c10::kCPU);
    if (argument.name() == "generator") return generator_for(value, device_);
    if (value.isTensor()) return on_cpu_once(value.toTensor(), argument.is_out());
    if (value.isTensorList()) {
      c10::List<Tensor> list;
      for (const Tensor& tensor : value.toTensorVector()) {
        list.push_back(on_cpu_once(tensor, argument.is_out()));
      }
      return list;
    }
    return value.isList() ? for_list(value) : value;
  }

  c10::IValue for_result(const c10::IValue& value) const {
    if (value.isTensor()) return back(value.toTensor());
    if (!value.isTensorList()) return value;
    c10::List<Tensor> list;
    for (const Tensor& tensor : value.toTensorVector()) list.push_back(back(tensor));
    return list;
  }

  // Copies back what a call wrote into tensors that it may have resized.
  void write_back() const {
    for (const auto& [there, here, may_resize] : pairs_) {
      if (!may_resize) continue;
      if (there.sizes() != here.sizes()) at::native::resize_output(there, here.sizes());
      on_cpu(there).copy_(here);
    }
  }

 private:
  struct Pair {
    Tensor there;
    Tensor here;
    bool may_resize;
  };

  // Lists of optional tensors, or of numbers.
  c10::IValue for_list(const c10::IValue& value) {
    c10::List<std::optional<Tensor>> list;
    bool holds_tensors = false;
    for (const c10::IValue& item : value.toListRef()) {
      holds_tensors = holds_tensors || item.isTensor();
      if (item.isTensor()) {
        list.push_back(on_cpu_once(item.toTensor(), false));
      } else {
        list.push_back(std::nullopt);
      }
    }
    return holds_tensors ? c10::IValue(list) : value;
  }

  Tensor on_cpu_once(const Tensor& tensor, bool may_resize) {
    if (!tensor.defined() || !tensor.is_cuda()) return tensor;
    for (const Pair& pair : pairs_) {
      if (pair.there.is_same(tensor)) return pair.here;
    }
    const Tensor alias = on_cpu(tensor);
    pairs_.push_back({tensor, may_resize ? alias.clone() : alias, may_resize});
    return pairs_.back().here;
  }

  Tensor back(const Tensor& tensor) const {
    for (const Pair& pair : pairs_) {
      if (pair.here.is_same(tensor)) return pair.there;
    }
    return tensor.defined() && tensor.is_cpu() ? on_device(tensor, device_) : tensor;
  }

  c10::Device device_;
  std::vector<Pair> pairs_;
};

// --- operators -----------------------------------------------------------------------------------

// Returns whether the CPU's error is an assertion in the CUDA kernel, which ends all work on the
// device.
bool is_assertion(const std::string& message) {
  const auto says = [&](const char* text) { return message.find(text) != std::string::npos; };
  return (says("out of bounds") || says("out of range") || says("should be between 0 and 1")) &&
         !says("Dimension out of range");
}

void run_on_cpu(const c10::OperatorHandle& op, torch::jit::Stack& call) {
  try {
    op.callBoxedForDispatchKey(DispatchKey::CPU, call);
  } catch (const c10::Error& error) {
    if (!is_assertion(error.msg())) throw;
    constexpr int kAssert = 710;  // cudaErrorAssert
    throw c10::AcceleratorError({__func__, __FILE__, __LINE__}, kAssert,
                                "CUDA error: device-side assert triggered");
  }
}

void compute_on_cpu(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto& schema = op.schema();
  const size_t count = schema.arguments().size();
  const auto arguments = torch::jit::last(*stack, count);
  const c10::Device device = device_of(arguments);
  check_devices(schema.name(), arguments, device);
  catch_up(device);
  static const bool traces = std::getenv("SIMULATED_CUDA_TRACE") != nullptr;
  if (traces) std::fprintf(stderr, "%s\n", c10::toString(op.operator_name()).c_str());
  const c10::DeviceGuard guard(device);
  // Autograd has already recorded the call, and autocast for the CPU must not change it.
  const c10::impl::ExcludeDispatchKeyGuard below(
      c10::autograd_dispatch_keyset_with_ADInplaceOrView |
      c10::DispatchKeySet(DispatchKey::AutocastCPU));
  Substitutes substitutes(device);
  torch::jit::Stack call;
  for (size_t i = 0; i < count; ++i) {
    call.push_back(substitutes.for_argument(arguments[i], schema.arguments()[i]));
  }
  run_on_cpu(op, call);
  substitutes.write_back();
  torch::jit::drop(*stack, count);
  for (const c10::IValue& value : call) stack->push_back(substitutes.for_result(value));
}

// Runs an operator that is composed of others, which are computed as above.
void compute_by_parts(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  op.callBoxedForDispatchKey(DispatchKey::CPU, *stack);
}

// libtorch's code for CUDA copies plain memory.
Tensor& copy(Tensor& self, const Tensor& src, bool non_blocking) {
  const bool is_plain = self.dtype() == src.dtype() && self.sizes() == src.sizes() &&
                        self.is_contiguous() && src.is_contiguous() &&
                        self.is_neg() == src.is_neg() && self.is_conj() == src.is_conj();
  if (is_plain) return at::native::copy_(self, src, non_blocking);
  const auto here = [](const Tensor& tensor) {
    if (!tensor.is_cuda()) return tensor;
    catch_up(tensor.device());
    return on_cpu(tensor);
  };
  here(self).copy_(here(src));
  return self;
}

// --- which operator is computed how --------------------------------------------------------------

// Operators that launch no kernel, for which libtorch's code for CUDA runs: views, and these.
bool launches_none(const c10::FunctionSchema& schema) {
  static const std::set<std::string> names = {"aten::empty",
                                              "aten::empty_strided",
                                              "aten::set_",
                                              "aten::resize_",
                                              "aten::_efficientzerotensor",
                                              "aten::_local_scalar_dense",
                                              "aten::is_set_to",
                                              "aten::is_pinned",
                                              "aten::_pin_memory",
                                              "aten::record_stream"};
  const auto is_view = [](const c10::Argument& result) {
    return result.alias_info() != nullptr && !result.alias_info()->isWrite();
  };
  return names.contains(schema.name()) || std::ranges::any_of(schema.returns(), is_view);
}

// Hides the warnings that kernels are replaced.
class Silence : public c10::WarningHandler {
  void process(const c10::Warning&) override {}
};

}  // namespace

extern "C" void simulated_cuda_take_operators() {
  Silence silence;
  const c10::WarningUtils::WarningHandlerGuard guard(&silence);
  // The registration lasts until the process ends.
  static auto* const library =
      new torch::Library(torch::Library::IMPL, "aten", DispatchKey::CUDA, __FILE__, __LINE__);
  auto& dispatcher = c10::Dispatcher::singleton();
  for (const auto& name : dispatcher.getAllOpNamesForDispatchKey(DispatchKey::CUDA)) {
    const auto op = dispatcher.findSchema(name);
    if (!op || !name.name.starts_with("aten::") || launches_none(op->schema())) continue;
    const std::string text = c10::toString(name).substr(sizeof "aten::" - 1);
    if (op->hasKernelForDispatchKey(DispatchKey::CPU)) {
      library->impl(text.c_str(), torch::CppFunction::makeFromBoxedFunction<&compute_on_cpu>());
    } else if (op->hasComputedKernelForDispatchKey(DispatchKey::CPU)) {
      library->impl(text.c_str(), torch::CppFunction::makeFromBoxedFunction<&compute_by_parts>());
    }
  }
  library->impl("copy_", TORCH_FN(copy));
  // cuDNN cannot run here.
  library->impl("_use_cudnn_ctc_loss", [](const Tensor&, const Tensor&, at::IntArrayRef,
                                          at::IntArrayRef, int64_t) { return false; });
  library->impl("_use_cudnn_ctc_loss.Tensor", [](const Tensor&, const Tensor&, const Tensor&,
                                                 const Tensor&, int64_t) { return false; });
}
