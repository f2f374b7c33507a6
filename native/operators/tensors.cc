// A tensor's life, data and properties.
#include "operators/tensors.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/native/ForeachUtils.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <c10/core/DefaultDtype.h>
#include <torch/csrc/autograd/variable.h>

#include <cstring>
#include <map>
#include <unordered_set>

#include "bindings/bindings.h"
#include "bindings/elements.h"
#include "bindings/references.h"
#include "bindings/saturating_cast.h"
#include "operators/printing.h"

namespace torch_losses {
namespace {

// --- life
// --------------------------------------------------------------------------------------------------------

void attach(Environment& environment, double handle, napi_value owner) {
  environment.handles().attach(handle, owner);
}

void dispose(Environment& environment, double handle) { environment.handles().dispose(handle); }

bool is_live(Environment& environment, double handle) {
  return environment.handles().is_live(handle);
}

int64_t live(Environment& environment) {
  return static_cast<int64_t>(environment.handles().live());
}

int64_t sweep(Environment& environment) {
  environment.references().drain(environment.env());
  return static_cast<int64_t>(environment.handles().sweep());
}

int64_t sweep_young(Environment& environment) {
  return static_cast<int64_t>(environment.handles().sweep_young());
}

// Bytes of what this environment's tensors keep, by device; memory that several share once.
napi_value bytes_by_device(Environment& environment) {
  std::unordered_set<const c10::StorageImpl*> seen;
  std::map<std::string, int64_t> bytes;
  environment.handles().for_each([&](const at::Tensor& tensor) {
    if (!tensor.has_storage() || tensor.is_meta()) return;  // a meta tensor has no memory
    const c10::StorageImpl* storage = tensor.storage().unsafeGetStorageImpl();
    if (!seen.insert(storage).second) return;
    bytes[storage->device().str()] += static_cast<int64_t>(storage->nbytes());
  });
  napi_value object = new_object(environment);
  for (const auto& [device, count] : bytes) {
    set_property(environment, object, device.c_str(), to_javascript(environment, count));
  }
  return object;
}

void rest(Environment& environment) { environment.handles().rest(); }

void set_young_interval(Environment& environment, int64_t count) {
  TORCH_CHECK_VALUE(count > 0, "the interval must be positive, got ", count);
  environment.handles().set_young_interval(static_cast<size_t>(count));
}

void allow_growth(Environment& environment, double bytes) {
  environment.handles().allow_growth(saturated<int64_t>(bytes));
}

double growth(Environment& environment) {
  return static_cast<double>(environment.handles().growth());
}

// --- data
// --------------------------------------------------------------------------------------------------------

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

// Copies the bytes into a new CPU tensor.
at::Tensor tensor_from_bytes(Environment& environment, napi_value view, at::ScalarType dtype,
                             const std::vector<int64_t>& shape) {
  Bytes bytes = bytes_of(environment, view);
  at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(dtype));
  TORCH_CHECK_VALUE(tensor.nbytes() == bytes.length, "expected ", tensor.nbytes(),
                    " bytes for shape ", tensor.sizes(), ", got ", bytes.length);
  if (bytes.length > 0) std::memcpy(tensor.mutable_data_ptr(), bytes.data, bytes.length);
  return tensor;
}

// A 1-d tensor over the view's own memory, which lives as long as the storage. lib/ decides what
// may be shared.
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

// The elements in order, contiguous, on the CPU.
at::Tensor plain_copy(const at::Tensor& tensor) {
  // Autograd's zeros, which have no memory until they are needed.
  if (tensor._is_zerotensor()) return at::zeros(tensor.sizes(), tensor.options().device(at::kCPU));
  return tensor.detach().resolve_conj().resolve_neg().to(at::kCPU).contiguous();
}

// Their bytes, to where they have room exactly. JavaScript makes the room: where there is none,
// Node-API would end the process.
void copy_bytes(Environment& environment, const at::Tensor& tensor, napi_value view) {
  at::Tensor plain = plain_copy(tensor);
  Bytes bytes = bytes_of(environment, view);
  TORCH_CHECK_VALUE(plain.nbytes() == bytes.length, "expected room for ", plain.nbytes(),
                    " bytes, got ", bytes.length);
  if (bytes.length > 0) std::memcpy(bytes.data, plain.const_data_ptr(), bytes.length);
}

std::string error_backtrace(Environment& environment, int64_t number) {
  return environment.backtrace(number);
}

bool cancel_job(Environment& environment, int64_t number) {
  return environment.async().cancel(number);
}

at::Scalar item(const at::Tensor& tensor) {
  TORCH_CHECK(tensor.numel() == 1, "a Tensor with ", tensor.numel(),
              " elements cannot be converted to Scalar");
  return tensor.item();
}

// --- properties
// --------------------------------------------------------------------------------------------------

std::vector<int64_t> shape(const at::Tensor& tensor) { return tensor.sizes().vec(); }

std::vector<int64_t> stride(const at::Tensor& tensor) { return tensor.strides().vec(); }

int64_t storage_offset(const at::Tensor& tensor) { return tensor.storage_offset(); }

int64_t dim(const at::Tensor& tensor) { return tensor.dim(); }

int64_t numel(const at::Tensor& tensor) { return tensor.numel(); }

int64_t dtype(const at::Tensor& tensor) { return static_cast<int64_t>(tensor.scalar_type()); }

int64_t layout(const at::Tensor& tensor) { return static_cast<int64_t>(tensor.layout()); }

std::string device(const at::Tensor& tensor) { return tensor.device().str(); }

bool is_contiguous(const at::Tensor& tensor) { return tensor.is_contiguous(); }

// Whether the storage is the same memory: views of one another.
int64_t data_ptr(const at::Tensor& tensor) {
  return reinterpret_cast<int64_t>(tensor.const_data_ptr());
}

int64_t version(const at::Tensor& tensor) { return tensor._version(); }

std::string repr_of(const at::Tensor& tensor, bool is_parameter, int64_t precision,
                    int64_t threshold, int64_t edgeitems, int64_t linewidth,
                    std::optional<bool> sci_mode) {
  PrintOptions options{saturated<int>(static_cast<double>(precision)), threshold, edgeitems,
                       linewidth, sci_mode};
  return is_parameter ? parameter_repr(tensor, options) : repr(tensor, options);
}

// --- the process
// -------------------------------------------------------------------------------------------------

int64_t get_default_dtype() {
  return static_cast<int64_t>(c10::typeMetaToScalarType(c10::get_default_dtype()));
}

void set_default_dtype(at::ScalarType dtype) {
  c10::set_default_dtype(c10::scalarTypeToTypeMeta(dtype));
}

int64_t element_size(at::ScalarType dtype) { return static_cast<int64_t>(c10::elementSize(dtype)); }

int64_t promote_types(at::ScalarType left, at::ScalarType right) {
  return static_cast<int64_t>(c10::promoteTypes(left, right));
}

int64_t get_num_threads() { return at::get_num_threads(); }

void set_num_threads(int64_t count) {
  at::set_num_threads(saturated<int>(static_cast<double>(count)));
}

bool has_cuda() { return at::globalContext().hasCUDA(); }

std::string cpu_capability() { return at::get_cpu_capability(); }

// The device that a name stands for, whether or not it is there.
std::string parse_device(const std::string& name) { return at::Device(name).str(); }

// Indices of tensors, those of one device and dtype together. The groups come in the order that
// libtorch's table has them in, which decides the last bits of a norm of norms.
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

std::string dtype_name(at::ScalarType dtype) { return c10::toString(dtype); }

}  // namespace

void add_tensors(Bindings& bindings) {
  bindings.add<&attach>("attach");
  bindings.add<&dispose>("dispose");
  bindings.add<&error_backtrace>("error_backtrace");
  bindings.add<&is_live>("is_live");
  bindings.add<&live>("live");
  bindings.add<&sweep>("sweep");
  bindings.add<&sweep_young>("sweep_young");
  bindings.add<&bytes_by_device>("bytes_by_device");
  bindings.add<&rest>("rest");
  bindings.add<&set_young_interval>("set_young_interval");
  bindings.add<&allow_growth>("allow_growth");
  bindings.add<&growth>("growth");
  bindings.add_allocating<&tensor_from_bytes, WhenExhausted::Repeat>("tensor_from_bytes");
  bindings.add<&tensor_sharing_bytes>("tensor_sharing_bytes");
  bindings.add_allocating<&copy_bytes, WhenExhausted::Repeat>("copy_bytes");
  bindings.add_allocating<&item, WhenExhausted::Repeat>("item");
  bindings.add_async<&item>("item");
  bindings.add_async<&plain_copy>("plain_copy");
  bindings.add<&cancel_job>("cancel_job");
  bindings.add<&shape>("shape");
  bindings.add<&stride>("stride");
  bindings.add<&storage_offset>("storage_offset");
  bindings.add<&dim>("dim");
  bindings.add<&numel>("numel");
  bindings.add<&dtype>("dtype");
  bindings.add<&layout>("layout");
  bindings.add<&device>("device");
  bindings.add<&is_contiguous>("is_contiguous");
  bindings.add<&data_ptr>("data_ptr");
  bindings.add<&version>("version");
  bindings.add<&repr_of>("repr");
  bindings.add<&general_format>("general_format");
  bindings.add<&get_default_dtype>("get_default_dtype");
  bindings.add<&set_default_dtype>("set_default_dtype");
  bindings.add<&element_size>("element_size");
  bindings.add<&promote_types>("promote_types");
  bindings.add<&get_num_threads>("get_num_threads");
  bindings.add<&set_num_threads>("set_num_threads");
  bindings.add<&has_cuda>("has_cuda");
  bindings.add<&cpu_capability>("cpu_capability");
  bindings.add<&parse_device>("parse_device");
  bindings.add<&group_by_device_and_dtype>("group_by_device_and_dtype");
  bindings.add<&dtype_name>("dtype_name");
}

}  // namespace torch_losses
