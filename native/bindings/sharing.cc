// Tensors in transit to another thread.
//
// `share_tensor` stores a tensor and returns a token, a string by which any thread of the process
// can claim it, once. A token that is not claimed expires. It does not depend on the thread that
// created it, because sending a result may be a worker's last act.
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bindings/bindings.h"
#include "bindings/errors.h"
#include "bindings/references.h"

namespace torch_losses {
namespace {

using Clock = std::chrono::steady_clock;

uint64_t random_number() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

// A token and its text: three hexadecimal numbers.
struct Token {
  uint64_t origin;  // identifies the process, and the copy of the addon in it
  uint64_t number;
  uint64_t secret;  // random, so that a token cannot be guessed

  std::string text() const {
    char buffer[3 * 16 + 3];
    std::snprintf(buffer, sizeof buffer, "%016lx-%lx-%016lx", origin, number, secret);
    return buffer;
  }

  static std::optional<Token> parse(const std::string& text) {
    Token token{};
    int length = 0;
    int read = std::sscanf(text.c_str(), "%16lx-%16lx-%16lx%n", &token.origin, &token.number,
                           &token.secret, &length);
    if (read != 3 || token.text() != text) return std::nullopt;
    return token;
  }
};

// The shared tensors that are not claimed yet. All functions may be called from any thread.
class SharedTensors {
 public:
  // Stores the tensor for the given time and returns its token.
  std::string add(at::Tensor tensor, std::chrono::milliseconds time) {
    std::lock_guard lock(mutex_);
    Token token{origin_, ++last_, random_number()};
    auto deadline = Clock::now() + time;
    entries_.emplace(token.number, Entry{std::move(tensor), token.secret, deadline});
    if (!std::exchange(is_watched_, true)) {
      std::thread([this] { drop_expired(); }).detach();
    }
    changed_.notify_one();
    return token.text();
  }

  // Removes and returns the tensor of a token. Throws RuntimeError if the token is not valid.
  at::Tensor claim(const std::string& text) {
    auto token = Token::parse(text);
    if (!token) refuse("is no token that share() made");
    if (token->origin != origin_) {
      refuse("is of another process, or of another copy of torch-losses");
    }
    std::lock_guard lock(mutex_);
    auto found = entries_.find(token->number);
    if (found == entries_.end()) {
      refuse(token->number <= last_ ? "was claimed already, or its time was over"
                                    : "is no token that share() made");
    }
    if (found->second.secret != token->secret) refuse("is no token that share() made");
    at::Tensor tensor = std::move(found->second.tensor);
    entries_.erase(found);
    return tensor;
  }

  // Returns the number of unclaimed tensors, and their bytes.
  std::pair<int64_t, int64_t> waiting() {
    std::lock_guard lock(mutex_);
    int64_t bytes = 0;
    for (const auto& [number, entry] : entries_) {
      bytes += static_cast<int64_t>(entry.tensor.storage().nbytes());
    }
    return {static_cast<int64_t>(entries_.size()), bytes};
  }

 private:
  struct Entry {
    at::Tensor tensor;
    uint64_t secret;
    Clock::time_point deadline;
  };

  [[noreturn]] static void refuse(const char* why) {
    throw PythonError("RuntimeError", std::string("fromShared(): the token ") + why);
  }

  // Drops expired entries until none is left. Runs on a thread of its own, because the thread that
  // shared a tensor may have ended.
  void drop_expired() {
    std::unique_lock lock(mutex_);
    while (!entries_.empty()) {
      std::vector<at::Tensor> expired;
      auto next = take_expired(expired);
      if (expired.empty()) {
        // Waits by the system clock: by the steady one, it would need glibc 2.30.
        changed_.wait_until(lock, std::chrono::system_clock::now() + (next - Clock::now()));
      } else {
        lock.unlock();
        expired.clear();
        lock.lock();
      }
    }
    is_watched_ = false;
  }

  // Moves the tensors of expired entries to `expired`. Returns the deadline of the next entry.
  Clock::time_point take_expired(std::vector<at::Tensor>& expired) {
    auto now = Clock::now();
    auto next = Clock::time_point::max();
    for (auto position = entries_.begin(); position != entries_.end();) {
      Entry& entry = position->second;
      if (entry.deadline > now) {
        next = std::min(next, entry.deadline);
        ++position;
      } else {
        expired.push_back(std::move(entry.tensor));
        position = entries_.erase(position);
      }
    }
    return next;
  }

  const uint64_t origin_ = random_number();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<uint64_t, Entry> entries_;
  uint64_t last_ = 0;
  bool is_watched_ = false;
};

// Never destroyed, because its thread may outlive all other static objects.
SharedTensors& shared_tensors() {
  static auto* instance = new SharedTensors;
  return *instance;
}

// Returns a new tensor on the same memory, with the same version counter. The other thread sees
// changes to the elements, not to the shape or the gradient. The memory can no longer be resized.
at::Tensor alias_for_another_thread(const at::Tensor& tensor) {
  TORCH_CHECK(tensor.layout() == at::kStrided && tensor.has_storage(),
              "share(): only strided tensors can be shared, got layout ", tensor.layout());
  TORCH_CHECK(tensor.is_leaf() || !tensor.requires_grad(),
              "share(): a graph cannot go to another thread, and the tensor is part of one: share "
              "its detach()");
  const at::Storage& storage = tensor.storage();
  TORCH_CHECK(!is_javascript_memory(storage.data_ptr()),
              "share(): the tensor uses the memory of a JavaScript buffer, which may end with its "
              "thread: share its clone()");
  // Copies lazily shared memory now: otherwise the first thread that writes would, unsynchronised.
  storage.mutable_data();
  storage.unsafeGetStorageImpl()->set_resizable(false);
  auto* impl = tensor.unsafeGetTensorImpl();
  at::Tensor other(impl->shallow_copy_and_detach(impl->version_counter(), true));
  if (tensor.requires_grad()) other.set_requires_grad(true);
  return other;
}

std::string share_tensor(const at::Tensor& tensor, double milliseconds) {
  // A year: small enough that adding it to a time does not overflow.
  constexpr double kLongest = 365.0 * 24 * 3600 * 1000;
  TORCH_CHECK_VALUE(milliseconds > 0 && milliseconds <= kLongest,
                    "share(): timeout must be in (0, ", kLongest, "], got ", milliseconds);
  auto time = std::chrono::milliseconds(static_cast<int64_t>(std::ceil(milliseconds)));
  return shared_tensors().add(alias_for_another_thread(tensor), time);
}

}  // namespace

void add_sharing(Bindings& bindings) {
  bindings.add<&share_tensor>("share_tensor");
  bindings.add("claim_tensor",
               [](const std::string& token) { return shared_tensors().claim(token); });
  bindings.add("waiting_tensors", [] {
    auto [count, bytes] = shared_tensors().waiting();
    return std::vector<int64_t>{count, bytes};
  });
}

}  // namespace torch_losses
