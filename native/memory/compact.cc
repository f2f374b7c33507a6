#include "memory/compact.h"

#include <cstring>
#include <utility>

namespace torch_losses {
namespace {

// The least number of unused bytes that are worth a new storage.
constexpr size_t kMinUnused = 1 << 16;

}  // namespace

void compact(at::Tensor& tensor) {
  if (!tensor.is_cpu() || !tensor.has_storage() || tensor.dim() != 0) return;
  const size_t needed = tensor.nbytes();
  if (tensor.storage().nbytes() < needed + kMinUnused) return;
  if (tensor.storage().use_count() != 1) return;  // the tensor is a view
  c10::Storage storage(c10::Storage::use_byte_size_t(), needed, tensor.storage().allocator(), true);
  std::memcpy(storage.mutable_data(), tensor.const_data_ptr(), needed);
  tensor.unsafeGetTensorImpl()->set_storage_keep_dtype(std::move(storage));
}

}  // namespace torch_losses
