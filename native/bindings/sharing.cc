#include "bindings/sharing.h"

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

// What a token says, and its text: three numbers in hexadecimal digits.
struct Token {
  uint64_t origin;  // which process, and which copy of the addon in it
  uint64_t number;
  uint64_t secret;  // no token can be made up

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

class Depot {
 public:
  std::string leave(at::Tensor tensor, std::chrono::milliseconds time) {
    std::lock_guard lock(mutex_);
    Token token{origin_, ++last_, random_number()};
    auto deadline = Clock::now() + time;
    parcels_.emplace(token.number, Parcel{std::move(tensor), token.secret, deadline});
    if (!std::exchange(is_watched_, true)) {
      std::thread([this] { drop_expired(); }).detach();
    }
    changed_.notify_one();
    return token.text();
  }

  at::Tensor claim(const std::string& text) {
    auto token = Token::parse(text);
    if (!token) refuse("is no token that share() made");
    if (token->origin != origin_) {
      refuse("is of another process, or of another copy of torch-losses");
    }
    std::lock_guard lock(mutex_);
    auto found = parcels_.find(token->number);
    if (found == parcels_.end()) {
      refuse(token->number <= last_ ? "was claimed already, or its time was over"
                                    : "is no token that share() made");
    }
    if (found->second.secret != token->secret) refuse("is no token that share() made");
    at::Tensor tensor = std::move(found->second.tensor);
    parcels_.erase(found);
    return tensor;
  }

  // How many wait, and their bytes.
  std::pair<int64_t, int64_t> waiting() {
    std::lock_guard lock(mutex_);
    int64_t bytes = 0;
    for (const auto& [number, parcel] : parcels_) {
      bytes += static_cast<int64_t>(parcel.tensor.storage().nbytes());
    }
    return {static_cast<int64_t>(parcels_.size()), bytes};
  }

 private:
  struct Parcel {
    at::Tensor tensor;
    uint64_t secret;
    Clock::time_point deadline;
  };

  [[noreturn]] static void refuse(const char* why) {
    throw PythonError("RuntimeError", std::string("fromShared(): the token ") + why);
  }

  // On a thread of its own while anything waits, since the thread that shared may be gone.
  void drop_expired() {
    std::unique_lock lock(mutex_);
    while (!parcels_.empty()) {
      std::vector<at::Tensor> expired;
      auto next = take_expired(expired);
      if (expired.empty()) {
        // By the system's clock: waiting by the steady one asks for glibc 2.30.
        changed_.wait_until(lock, std::chrono::system_clock::now() + (next - Clock::now()));
      } else {
        lock.unlock();
        expired.clear();
        lock.lock();
      }
    }
    is_watched_ = false;
  }

  // Returns when the next one will be.
  Clock::time_point take_expired(std::vector<at::Tensor>& expired) {
    auto now = Clock::now();
    auto next = Clock::time_point::max();
    for (auto entry = parcels_.begin(); entry != parcels_.end();) {
      Parcel& parcel = entry->second;
      if (parcel.deadline > now) {
        next = std::min(next, parcel.deadline);
        ++entry;
      } else {
        expired.push_back(std::move(parcel.tensor));
        entry = parcels_.erase(entry);
      }
    }
    return next;
  }

  const uint64_t origin_ = random_number();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<uint64_t, Parcel> parcels_;
  uint64_t last_ = 0;
  bool is_watched_ = false;
};

// Never destroyed: its thread may outlive everything else.
Depot& depot() {
  static auto* instance = new Depot;
  return *instance;
}

// A tensor of its own on the same memory, which can no longer be resized; changes are counted
// together. What one thread does to its tensor is not seen by the other's, only what it does to the
// elements.
at::Tensor for_another_thread(const at::Tensor& tensor) {
  TORCH_CHECK(tensor.layout() == at::kStrided && tensor.has_storage(),
              "share(): only strided tensors can be shared, got layout ", tensor.layout());
  TORCH_CHECK(tensor.is_leaf() || !tensor.requires_grad(),
              "share(): a graph cannot go to another thread, and the tensor is part of one: share "
              "its detach()");
  const at::Storage& storage = tensor.storage();
  TORCH_CHECK(!is_javascript_memory(storage.data_ptr()),
              "share(): the tensor uses the memory of a JavaScript buffer, which may end with its "
              "thread: share its clone()");
  // A lazy copy would be made by whichever thread writes first.
  storage.mutable_data();
  storage.unsafeGetStorageImpl()->set_resizable(false);
  auto* impl = tensor.unsafeGetTensorImpl();
  at::Tensor other(impl->shallow_copy_and_detach(impl->version_counter(), true));
  if (tensor.requires_grad()) other.set_requires_grad(true);
  return other;
}

std::string share_tensor(const at::Tensor& tensor, double milliseconds) {
  // A year, so that no sum of times overflows.
  constexpr double kLongest = 365.0 * 24 * 3600 * 1000;
  TORCH_CHECK_VALUE(milliseconds > 0 && milliseconds <= kLongest,
                    "share(): timeout must be in (0, ", kLongest, "], got ", milliseconds);
  auto time = std::chrono::milliseconds(static_cast<int64_t>(std::ceil(milliseconds)));
  return depot().leave(for_another_thread(tensor), time);
}

at::Tensor claim_tensor(const std::string& token) { return depot().claim(token); }

std::vector<int64_t> waiting_tensors() {
  auto [count, bytes] = depot().waiting();
  return {count, bytes};
}

}  // namespace

void add_sharing(Bindings& bindings) {
  bindings.add<&share_tensor>("share_tensor");
  bindings.add<&claim_tensor>("claim_tensor");
  bindings.add<&waiting_tensors>("waiting_tensors");
}

}  // namespace torch_losses
