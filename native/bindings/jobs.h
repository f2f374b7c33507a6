// Asynchronous calls. Each environment has one worker thread, which runs its jobs one at a time in
// the order of submission. The order makes their results those of the same calls made
// synchronously; one at a time, they do not compete for the cores.
//
// A job takes over its caller's thread-local state (grad mode, autocast, thread count) and keeps
// its tensors alive. Until it is done, their memory is in use: a synchronous call waits before it
// writes to that memory, or reads what the job writes. A job waits for the collectives that were
// started before it and use its memory.
#pragma once

#include "bindings/node_api.h"

#include <ATen/core/Tensor.h>
#include <c10/util/FunctionRef.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "bindings/caller_state.h"
#include "bindings/memory_use.h"
#include "bindings/warnings.h"

namespace torch_losses {

class Environment;

struct Job {
  // The caller's number for the job, for `cancel`.
  int64_t number = 0;
  // Computes, on the worker thread.
  std::function<void()> run;
  // Whether `run` changes nothing when it fails, so that it may run again.
  bool is_repeatable = false;
  // Returns the value that the promise resolves with. Called on the environment's thread after
  // `run` succeeded.
  std::function<napi_value()> result;
  // The tensors that `run` uses, and those of them that it writes to.
  std::vector<at::Tensor> tensors;
  std::vector<at::Tensor> written;
  // Whether `run` is a backward pass: it may read and change any tensor that its graph holds.
  bool runs_graph = false;

  // Captured when the job is created, on the environment's thread.
  CallerState state;

  // Set by AsyncQueue.
  MemoryUse::Claim claim;
  napi_deferred deferred = nullptr;
  std::exception_ptr error;
  std::vector<Warning> warnings;
};

// Emits the warnings, then rejects the promise with the error, or resolves it with the result.
void settle_promise(Environment& environment, napi_deferred deferred,
                    const std::vector<Warning>& warnings, const std::exception_ptr& error,
                    const std::function<napi_value()>& result);

// Public functions must be called on the environment's thread.
class AsyncQueue {
 public:
  explicit AsyncQueue(Environment& environment) : environment_(environment) {}
  ~AsyncQueue() { shut_down(); }
  AsyncQueue(const AsyncQueue&) = delete;
  AsyncQueue& operator=(const AsyncQueue&) = delete;

  // Queues the job and returns its promise.
  napi_value submit(std::unique_ptr<Job> job);

  // Removes a job that has not started. Its promise is never settled; the caller rejects its own.
  // Returns false if the job has started or is unknown.
  bool cancel(int64_t number);

  // For synchronous calls. Wait until no unfinished job or collective writes to the tensor's
  // memory; until none uses it; until none is a backward pass or writes to any memory. JavaScript
  // that a job calls does not wait: the jobs that are left run after it.
  void wait_to_read(const at::Tensor& tensor) {
    if ((writers_ != 0 || collectives_ != 0) && may_wait()) wait_until_unwritten(tensor);
  }
  void wait_to_write(const at::Tensor& tensor) {
    if ((unsettled_ != 0 || collectives_ != 0) && may_wait()) wait_until_unused(tensor);
  }
  void wait_for_graphs();
  // Waits until no unfinished job or collective conflicts with the claim; until none writes the
  // gradient of the leaf.
  void wait_for(MemoryUse::Claim claim);
  void wait_for_gradient(const at::Tensor& leaf) {
    if (unsettled_ == 0 && collectives_ == 0) return;
    MemoryUse::Claim claim;
    claim.use_gradient(leaf);
    wait_for(std::move(claim));
  }

  // What the jobs use. Collectives add their claims to it.
  const std::shared_ptr<MemoryUse>& memory() const { return memory_; }
  // Count the collectives whose promises are not settled.
  void begin_collective() { ++collectives_; }
  void end_collective() { --collectives_; }

  // Makes it possible for other threads to run something on the environment's thread.
  void open();

  // Runs `body` on the environment's thread, and returns when it has run. May be called on any
  // thread. Throws if the environment is ending. `body` must not throw.
  void run_on_environment_thread(c10::function_ref<void()> body);

  // Runs `body` on a thread of its own, and returns when it has run. This thread runs what other
  // threads request meanwhile. Throws what `body` throws.
  void run_aside(const std::function<void()>& body);

  // While an instance exists, arguments are read for a job. Reading then waits for nothing, since
  // the job runs after the others.
  class SubmissionScope {
   public:
    explicit SubmissionScope(AsyncQueue& queue) : queue_(queue) { queue.is_submitting_ = true; }
    ~SubmissionScope() { queue_.is_submitting_ = false; }
    SubmissionScope(const SubmissionScope&) = delete;
    SubmissionScope& operator=(const SubmissionScope&) = delete;

   private:
    AsyncQueue& queue_;
  };

  // Drops the jobs that have not started and waits for the running one. Settles no promise.
  void shut_down();

 private:
  void start();
  void work();
  void execute(Job& job);
  void run(Job& job);
  bool may_wait() const { return !is_submitting_ && !is_serving_; }
  bool request(c10::function_ref<void()> body);
  void serve_requests(std::unique_lock<std::mutex>& lock);
  void free_memory() noexcept;
  static void on_finished(napi_env env, napi_value, void* queue, void*);
  void settle(Job& job);
  void forget(const Job& job);
  void mark_memory(Job& job);
  void wait_until_unwritten(const at::Tensor& tensor);
  void wait_until_unused(const at::Tensor& tensor);
  template <typename Condition>
  void wait_until(std::unique_lock<std::mutex>& lock, Condition holds);

  Environment& environment_;
  std::thread thread_;
  // Keeps the event loop alive while promises are unsettled.
  napi_threadsafe_function notify_ = nullptr;
  // For the environment's thread only: the number of unsettled promises, and of those whose jobs
  // write to memory.
  int64_t unsettled_ = 0;
  int64_t writers_ = 0;
  int64_t collectives_ = 0;
  bool is_submitting_ = false;
  // Whether JavaScript runs that a job has called.
  bool is_serving_ = false;
  const std::thread::id environment_thread_ = std::this_thread::get_id();

  // Its mutex guards what follows, for both threads.
  const std::shared_ptr<MemoryUse> memory_ = std::make_shared<MemoryUse>();
  std::mutex& mutex_ = memory_->mutex;
  std::condition_variable& changed_ = memory_->changed;
  bool& stopping_ = memory_->closed;
  // What other threads, which may not call JavaScript, wait for the environment's thread to run.
  struct Request {
    c10::function_ref<void()> body;
    bool done = false;
  };
  std::deque<Request*> requests_;
  std::deque<std::unique_ptr<Job>> waiting_;
  std::deque<std::unique_ptr<Job>> finished_;
};

}  // namespace torch_losses
