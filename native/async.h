// Calls off the event loop: one thread for each environment runs its jobs in the order they were
// made.
//
// In order, so that results are those of the same calls made synchronously; one at a time, so that
// callers share the cores instead of fighting for them. A job carries the caller's thread-local
// state (grad mode, autocast, thread count) and keeps its tensors alive. While it waits or runs,
// their storages are in use: what would write to one waits.
#pragma once

#include "javascript.h"

#include <ATen/ThreadLocalState.h>
#include <ATen/core/Tensor.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "autocast.h"
#include "cuda.h"
#include "warnings.h"

namespace torch_losses {

class Environment;

struct Job {
  // The caller's number for it, to cancel it by.
  int64_t number = 0;
  // On the worker's thread.
  std::function<void()> run;
  // Whether `run` has changed nothing when it fails, so that it can be run again.
  bool is_repeatable = false;
  // On the environment's, after `run` succeeded: the value to resolve with.
  std::function<napi_value()> result;
  // What `run` computes on.
  std::vector<at::Tensor> tensors;

  // Filled in by AsyncQueue.
  at::ThreadLocalState state;
  AutocastSettings autocast;
  CudaSettings cuda;
  int threads = 0;
  napi_deferred deferred = nullptr;
  std::exception_ptr error;
  std::vector<Warning> warnings;
};

class AsyncQueue {
 public:
  explicit AsyncQueue(Environment& environment) : environment_(environment) {}
  ~AsyncQueue() { shut_down(); }
  AsyncQueue(const AsyncQueue&) = delete;
  AsyncQueue& operator=(const AsyncQueue&) = delete;

  // Takes the job and returns its promise.
  napi_value submit(std::unique_ptr<Job> job);

  // Drops a job that has not started; its promise stays pending, for the caller to reject. False
  // where it is too late.
  bool cancel(int64_t number);

  // Returns when no job that computes on the tensor's storage is left.
  void wait_for(const at::Tensor& tensor);

  bool idle() const noexcept { return pending_ == 0; }

  // Drops what has not started and waits for what has. Nothing is settled any more.
  void shut_down();

 private:
  using Storage = const c10::StorageImpl*;

  void start();
  void work();
  void execute(Job& job);
  void run(Job& job);
  bool ask_for_memory();
  void give_memory(std::unique_lock<std::mutex>& lock);
  static void on_finished(napi_env env, napi_value, void* queue, void*);
  void settle(Job& job);
  void finish_one();
  void claim(const Job& job);
  void release(const Job& job);

  Environment& environment_;
  std::thread thread_;
  napi_threadsafe_function notify_ = nullptr;
  // The environment's thread alone: promises not yet settled.
  int64_t pending_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  // The worker, which may not call JavaScript, waits for what is dead to be freed.
  bool needs_memory_ = false;
  std::deque<std::unique_ptr<Job>> waiting_;
  std::deque<std::unique_ptr<Job>> finished_;
  std::unordered_map<Storage, int> in_use_;
};

}  // namespace torch_losses
