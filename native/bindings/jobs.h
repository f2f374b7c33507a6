// Calls off the event loop: one thread for each environment runs its jobs in the order they were
// made.
//
// In order, so that results are those of the same calls made synchronously; one at a time, so that
// callers share the cores instead of fighting for them. A job carries the caller's thread-local
// state (grad mode, autocast, thread count) and keeps its tensors alive. While it waits or runs,
// their memory is in use: a synchronous call that would write to it waits, and so does one that
// would read what the job writes.
#pragma once

#include "bindings/node_api.h"

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

#include "bindings/warnings.h"
#include "operators/autocast.h"
#include "operators/cuda.h"

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
  // What `run` computes on, and which of it `run` changes.
  std::vector<at::Tensor> tensors;
  std::vector<at::Tensor> written;
  // A backward pass: it reads and changes what its graph holds, whatever that is.
  bool runs_graph = false;

  // Filled in by AsyncQueue.
  at::ThreadLocalState state;
  AutocastSettings autocast;
  CudaSettings cuda;
  int threads = 0;
  std::vector<const void*> uses;
  std::vector<const void*> changes;
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

  // For synchronous calls. Each returns when no job is left that changes the tensor's memory; that
  // computes on it; that runs or changes what a backward pass may meet.
  void wait_to_read(const at::Tensor& tensor) {
    if (writers_ != 0 && !is_submitting_) wait_until_unchanged(tensor);
  }
  void wait_to_write(const at::Tensor& tensor) {
    if (pending_ != 0 && !is_submitting_) wait_until_unused(tensor);
  }
  void wait_for_graphs();

  // While it lives, arguments are read for a job, which comes after the others anyhow.
  class Submission {
   public:
    explicit Submission(AsyncQueue& queue) : queue_(queue) { queue.is_submitting_ = true; }
    ~Submission() { queue_.is_submitting_ = false; }
    Submission(const Submission&) = delete;
    Submission& operator=(const Submission&) = delete;

   private:
    AsyncQueue& queue_;
  };

  // Drops what has not started and waits for what has. Nothing is settled any more.
  void shut_down();

 private:
  void start();
  void work();
  void execute(Job& job);
  void run(Job& job);
  bool ask_for_memory();
  void give_memory(std::unique_lock<std::mutex>& lock);
  static void on_finished(napi_env env, napi_value, void* queue, void*);
  void settle(Job& job);
  void finish(const Job& job);
  void claim(Job& job);
  void release(const Job& job);
  void wait_until_unchanged(const at::Tensor& tensor);
  void wait_until_unused(const at::Tensor& tensor);
  template <typename Condition>
  void wait_until(std::unique_lock<std::mutex>& lock, Condition holds);

  Environment& environment_;
  std::thread thread_;
  napi_threadsafe_function notify_ = nullptr;
  // The environment's thread alone: promises not yet settled, and those of jobs that change memory.
  int64_t pending_ = 0;
  int64_t writers_ = 0;
  bool is_submitting_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  // The worker, which may not call JavaScript, waits for what is dead to be freed.
  bool needs_memory_ = false;
  std::deque<std::unique_ptr<Job>> waiting_;
  std::deque<std::unique_ptr<Job>> finished_;
  // How many jobs use or change a storage, or run a graph, and are not done.
  std::unordered_map<const void*, int> in_use_;
  std::unordered_map<const void*, int> changing_;
  int graphs_ = 0;
};

}  // namespace torch_losses
