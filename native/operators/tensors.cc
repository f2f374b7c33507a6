// A tensor's data and properties.
#include <ATen/native/ForeachUtils.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include <cstring>

#include "bindings/bindings.h"
#include "bindings/references.h"
#include "bindings/saturating_cast.h"
#include "operators/elements.h"
#include "operators/printing.h"

namespace torch_losses {
namespace {

// --- data ----------------------------------------------------------------------------------------

// The memory of a Uint8Array. JavaScript owns it.
struct Bytes {
  void* data = nullptr;
  size_t length = 0;
};

Bytes bytes_of(Environment& environment, napi_value view) {
  bool is_typed_array = false;
  check(environment.env(), napi_is_typedarray(environment.env(), view, &is_typed_array));
  if (!is_typed_array) throw ArgumentMismatch{"a Uint8Array"};
  Bytes bytes;
  napi_typedarray_type type = napi_uint8_array;
  check(environment.env(), napi_get_typedarray_info(environment.env(), view, &type, &bytes.length,
                                                    &bytes.data, nullptr, nullptr));
  if (type != napi_uint8_array) throw ArgumentMismatch{"a Uint8Array"};
  return bytes;
}

// Returns a new CPU tensor with a copy of the bytes.
at::Tensor tensor_from_bytes(Environment& environment, napi_value view, at::ScalarType dtype,
                             const std::vector<int64_t>& shape) {
  Bytes bytes = bytes_of(environment, view);
  at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(dtype));
  TORCH_CHECK_VALUE(tensor.nbytes() == bytes.length, "expected ", tensor.nbytes(),
                    " bytes for shape ", tensor.sizes(), ", got ", bytes.length);
  if (bytes.length > 0) std::memcpy(tensor.mutable_data_ptr(), bytes.data, bytes.length);
  return tensor;
}

// Returns a 1-d tensor over the view's own memory. The storage keeps that memory alive.
// lib/tensor/creation.ts decides which memory may be shared.
at::Tensor tensor_sharing_bytes(Environment& environment, napi_value view, at::ScalarType dtype) {
  Bytes bytes = bytes_of(environment, view);
  napi_ref reference = nullptr;
  check(environment.env(), napi_create_reference(environment.env(), view, 1, &reference));
  auto* memory = new JavaScriptMemory{environment.shared_references(), reference};
  auto count = static_cast<int64_t>(bytes.length / c10::elementSize(dtype));
  return at::for_blob(bytes.data, {count})
      .context(memory, &JavaScriptMemory::release)
      .options(at::TensorOptions().dtype(dtype))
      .make_tensor();
}

// Returns the elements as a contiguous CPU tensor, which may be the tensor itself.
at::Tensor contiguous_cpu_copy(const at::Tensor& tensor) {
  // A zero tensor of autograd has no memory.
  if (tensor._is_zerotensor()) return at::zeros(tensor.sizes(), tensor.options().device(at::kCPU));
  return tensor.detach().resolve_conj().resolve_neg().to(at::kCPU).contiguous();
}

// Copies the elements into the view, which must have exactly their size. JavaScript allocates the
// view, because Node-API ends the process if it cannot allocate one.
void copy_bytes(Environment& environment, const at::Tensor& tensor, napi_value view) {
  at::Tensor source = contiguous_cpu_copy(tensor);
  Bytes bytes = bytes_of(environment, view);
  TORCH_CHECK_VALUE(source.nbytes() == bytes.length, "expected room for ", source.nbytes(),
                    " bytes, got ", bytes.length);
  if (bytes.length > 0) std::memcpy(bytes.data, source.const_data_ptr(), bytes.length);
}

at::Scalar item(const at::Tensor& tensor) {
  TORCH_CHECK(tensor.numel() == 1, "a Tensor with ", tensor.numel(),
              " elements cannot be converted to Scalar");
  return tensor.item();
}

// --- properties ----------------------------------------------------------------------------------

std::string repr_of(const at::Tensor& tensor, bool is_parameter, int64_t precision,
                    int64_t threshold, int64_t edgeitems, int64_t linewidth,
                    std::optional<bool> sci_mode) {
  PrintOptions options{saturating_cast<int>(static_cast<double>(precision)), threshold, edgeitems,
                       linewidth, sci_mode};
  return is_parameter ? parameter_repr(tensor, options) : repr(tensor, options);
}

// Returns the indices of the tensors, grouped by device and dtype. The order of the groups is that
// of libtorch's hash table, as in Python; it decides the last bits of a norm of norms.
std::vector<std::vector<int64_t>> group_by_device_and_dtype(
    const std::vector<at::Tensor>& tensors) {
  const std::vector<std::optional<at::Tensor>> list(tensors.begin(), tensors.end());
  std::vector<std::vector<int64_t>> groups;
  for (const auto& [key, group] :
       at::native::_group_tensors_by_first_tensors_device_and_dtype({list}, true)) {
    const auto& indices = group.second;
    groups.emplace_back(indices.begin(), indices.end());
  }
  return groups;
}

}  // namespace

void add_tensors(Bindings& bindings) {
  bindings.add_allocating<&tensor_from_bytes, OutOfMemoryPolicy::FreeAndRetry>("tensor_from_bytes");
  bindings.add<&tensor_sharing_bytes>("tensor_sharing_bytes");
  bindings.add_allocating<&copy_bytes, OutOfMemoryPolicy::FreeAndRetry>("copy_bytes");
  bindings.add_async<&contiguous_cpu_copy>("contiguous_cpu_copy");
  bindings.add_allocating<&item, OutOfMemoryPolicy::FreeAndRetry>("item");
  bindings.add_async<&item>("item");
  bindings.add<&repr_of>("repr");
  bindings.add<&general_format>("general_format");
  bindings.add<&group_by_device_and_dtype>("group_by_device_and_dtype");
  bindings.add("shape", [](const Described& of) { return of.tensor.sizes(); });
  bindings.add("stride", [](const Described& of) { return of.tensor.strides(); });
  bindings.add("storage_offset", [](const Described& of) { return of.tensor.storage_offset(); });
  bindings.add("dim", [](const Described& of) { return of.tensor.dim(); });
  bindings.add("numel", [](const Described& of) { return of.tensor.numel(); });
  bindings.add("dtype", [](const Described& of) { return of.tensor.scalar_type(); });
  bindings.add("layout",
               [](const Described& of) { return static_cast<int64_t>(of.tensor.layout()); });
  bindings.add("device", [](const Described& of) { return of.tensor.device(); });
  bindings.add("is_contiguous", [](const Described& of) { return of.tensor.is_contiguous(); });
  bindings.add("data_ptr", [](const at::Tensor& tensor) {
    return reinterpret_cast<int64_t>(tensor.const_data_ptr());
  });
  bindings.add("version", [](const at::Tensor& tensor) { return tensor._version(); });
}

}  // namespace torch_losses
