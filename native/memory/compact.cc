#include "memory/compact.h"

#include <cstring>
#include <utility>

namespace torch_losses {
namespace {

// In bytes. Below, new memory costs more than it saves.
constexpr size_t kWorthCompacting = 1 << 16;

}  // namespace

void compact(at::Tensor& tensor) {
  if (!tensor.is_cpu() || !tensor.has_storage() || tensor.dim() != 0) return;
  const size_t needed = tensor.nbytes();
  if (tensor.storage().nbytes() < needed + kWorthCompacting) return;
  if (tensor.storage().use_count() != 1) return;  // it is a view
  c10::Storage storage(c10::Storage::use_byte_size_t(), needed, tensor.storage().allocator(), true);
  std::memcpy(storage.mutable_data(), tensor.const_data_ptr(), needed);
  tensor.unsafeGetTensorImpl()->set_storage_keep_dtype(std::move(storage));
}

}  // namespace torch_losses
