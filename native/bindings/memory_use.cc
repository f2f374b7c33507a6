#include "bindings/memory_use.h"

#include <algorithm>

namespace torch_losses {
namespace {

using Piece = MemoryUse::Claim::Piece;

// Returns the bytes from the first to the last element of a tensor.
Piece piece_of(const at::Tensor& tensor) {
  const void* memory = memory_of(tensor);
  if (!tensor.has_storage() || tensor.numel() == 0) return {memory, 0, 0};
  int64_t last = 0;
  for (int64_t dim = 0; dim < tensor.dim(); ++dim) {
    last += (tensor.size(dim) - 1) * tensor.stride(dim);
  }
  const auto size = static_cast<int64_t>(tensor.element_size());
  const int64_t begin = tensor.storage_offset() * size;
  return {memory, begin, begin + (last + 1) * size};
}

void add_pieces(std::vector<Piece>& pieces, const std::vector<at::Tensor>& tensors) {
  for (const at::Tensor& tensor : tensors) pieces.push_back(piece_of(tensor));
}

bool overlap(const std::vector<Piece>& first, const std::vector<Piece>& second, bool by_bytes) {
  return std::any_of(first.begin(), first.end(), [&](const Piece& a) {
    return std::any_of(second.begin(), second.end(), [&](const Piece& b) {
      return a.memory == b.memory && (!by_bytes || (a.begin < b.end && b.begin < a.end));
    });
  });
}

bool conflict(const MemoryUse::Claim& first, const MemoryUse::Claim& second) {
  if (first.uses_everything || second.uses_everything) return true;
  const bool by_bytes = first.is_collective && second.is_collective;
  return overlap(first.written, second.used, by_bytes) ||
         overlap(first.used, second.written, by_bytes);
}

void count_up(std::unordered_map<const void*, int>& counts, const std::vector<Piece>& pieces) {
  for (const Piece& piece : pieces) ++counts[piece.memory];
}

void count_down(std::unordered_map<const void*, int>& counts, const std::vector<Piece>& pieces) {
  for (const Piece& piece : pieces) {
    auto found = counts.find(piece.memory);
    if (found != counts.end() && --found->second == 0) counts.erase(found);
  }
}

}  // namespace

const void* memory_of(const at::Tensor& tensor) {
  if (!tensor.has_storage()) return tensor.unsafeGetTensorImpl();
  return tensor.storage().unsafeGetStorageImpl();
}

void MemoryUse::Claim::use(const std::vector<at::Tensor>& tensors) { add_pieces(used, tensors); }

void MemoryUse::Claim::write(const std::vector<at::Tensor>& tensors) {
  add_pieces(written, tensors);
}

void MemoryUse::add(Claim& claim) {
  claim.order = ++last_order_;
  claims_.push_back(&claim);
  count_up(users_, claim.used);
  count_up(writers_, claim.written);
  everything_ += claim.uses_everything ? 1 : 0;
  awaiting_javascript_ += claim.awaits_javascript ? 1 : 0;
}

void MemoryUse::remove(const Claim& claim) {
  claims_.remove(&claim);
  count_down(users_, claim.used);
  count_down(writers_, claim.written);
  everything_ -= claim.uses_everything ? 1 : 0;
  awaiting_javascript_ -= claim.awaits_javascript ? 1 : 0;
}

bool MemoryUse::must_wait(const Claim& claim) const {
  for (const Claim* earlier : claims_) {
    if (earlier->order >= claim.order) return false;
    if (earlier->awaits_javascript && claim.is_awaited) continue;
    if (conflict(*earlier, claim)) return true;
  }
  return false;
}

bool MemoryUse::conflicts_with_message(const Claim& claim) const {
  return std::any_of(claims_.begin(), claims_.end(), [&](const Claim* other) {
    return other->is_collective && (other->is_message || claim.is_message) &&
           conflict(*other, claim);
  });
}

}  // namespace torch_losses
