// What the files here share: times, and the end of objects whose destructors wait.
#pragma once

#include "bindings/node_api.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "bindings/memory_use.h"

namespace torch_losses::distributed {

// At most 30 years, so that adding it to a time does not overflow.
inline std::chrono::milliseconds to_milliseconds(double count) {
  constexpr double kMost = 1e12;
  const double bounded = count == count ? std::clamp(count, -kMost, kMost) : 0;
  return std::chrono::milliseconds(static_cast<int64_t>(bounded));
}

// Destroys an object on a thread of its own. The destructor of a group waits for its collectives,
// that of a store for its server.
template <typename T>
void destroy_aside(T object) {
  std::thread([object = std::move(object)]() mutable { object = T(); }).detach();
}

// Destroys an object, and waits for that for up to two seconds. Then the port of a store's server
// is free again, unless a collective of a rank that hangs is left.
template <typename T>
void destroy_soon(T object) {
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    bool is_destroyed = false;
  };
  auto state = std::make_shared<State>();
  std::thread([object = std::move(object), state]() mutable {
    object = T();
    std::lock_guard lock(state->mutex);
    state->is_destroyed = true;
    state->changed.notify_all();
  }).detach();
  // Waits by the system clock: by the steady one, it would need glibc 2.30.
  const auto end = std::chrono::system_clock::now() + std::chrono::seconds(2);
  std::unique_lock lock(state->mutex);
  state->changed.wait_until(lock, end, [&] { return state->is_destroyed; });
}

// An object that is destroyed on a thread of its own. If its owner is the main thread and ends, so
// does the process, and the object is left alone.
template <typename T>
class Aside {
 public:
  Aside(T object, std::shared_ptr<MemoryUse> environment)
      : object_(std::move(object)), environment_(std::move(environment)) {}
  ~Aside() { release(); }
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

  // Empty after `take` or `release`.
  const T& get() const { return object_; }
  T take() { return std::exchange(object_, T()); }
  void release() {
    if (!object_) return;
    if (environment_->closed && syscall(SYS_gettid) == getpid()) {
      new T(take());
    } else {
      destroy_aside(take());
    }
  }

 private:
  T object_;
  std::shared_ptr<MemoryUse> environment_;
};

}  // namespace torch_losses::distributed
