// Calls that wait for other processes, each with a promise: connecting to a store, collectives.
//
// Such a call may take minutes, so it neither runs on the event loop nor in the queue of jobs. It
// starts on a lane, whose calls start one after another, and ends on any thread. While it runs, its
// tensors are claimed as a job's are (memory_use.h).
//
// Nothing waits for these threads when the environment ends: what they do then has no effect.
#pragma once

#include "bindings/node_api.h"

#include <ATen/core/Tensor.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "bindings/caller_state.h"
#include "bindings/memory_use.h"
#include "bindings/warnings.h"

namespace torch_losses {

class Environment;

// Runs functions one after another on a thread of its own. The thread ends when no function came
// for a second. To start a thread for each function would cost a training loop more than its
// collective.
class Lane {
 public:
  void push(std::function<void()> function);

  // Whether all functions have run. Only the thread that pushes may ask.
  bool is_idle() const;

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable pushed;
    std::deque<std::function<void()>> functions;
    bool is_running = false;
    bool is_busy = false;
  };
  static void run(State& state);

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

struct Task {
  // Says that the task has ended, with an error or nullptr.
  using Done = std::function<void(std::exception_ptr)>;

  // Starts the task, on the lane's thread with the caller's thread-local state. May block, see
  // `starts_at_once`. Calls
  // `done` once, on any thread, unless it throws.
  std::function<void(const Done& done)> start;
  // Returns the value that the promise resolves with. Called on the environment's thread after the
  // task has ended without an error.
  std::function<napi_value()> result;
  // The tensors that the task uses, and those of them that it writes to.
  std::vector<at::Tensor> tensors;
  std::vector<at::Tensor> written;
  // Whether `start` waits for nobody. Then it may run on the caller's thread, which saves a change
  // of threads.
  bool starts_at_once = false;
  // Whether it belongs to a communication hook in JavaScript, for which a backward pass waits.
  bool is_awaited = false;
  // Whether it sends to one other rank, or receives from one.
  bool is_message = false;
  // The caller's number for the task, for `abort`. 0 for none.
  int64_t number = 0;
  // Ends the task early, if it can be.
  std::function<void()> abort;

  // Captured when the task is created, on the environment's thread.
  CallerState state;

  // Set by Tasks.
  MemoryUse::Claim claim;
  napi_deferred deferred = nullptr;
  std::exception_ptr error;
  std::vector<Warning> warnings;
  // How many of these are to come: the end of `start`, and `done`.
  std::atomic<int> steps_left{2};
};

// Public functions must be called on the environment's thread.
class Tasks {
 public:
  explicit Tasks(Environment& environment);
  ~Tasks() { shut_down(); }
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  // The lane of collectives: all ranks start them in the same order.
  Lane& collectives() { return collectives_; }
  // The lane of those in communication hooks. A backward pass, which waits for them, holds the
  // other.
  Lane& awaited() { return awaited_; }

  // Starts the task on the lane, after the jobs and collectives whose memory it needs. Returns its
  // promise. Throws if a message that is not done uses the memory, or if this is such a message.
  napi_value submit(Lane& lane, std::unique_ptr<Task> task);

  // Ends a task early, if it has not ended and can be. Its promise is settled all the same.
  void abort(int64_t number);

  // Ends the environment's part in its tasks. Settles no promise.
  void shut_down();

 private:
  // What the threads share with the environment.
  struct Shared {
    explicit Shared(std::shared_ptr<MemoryUse> memory) : memory(std::move(memory)) {}
    std::shared_ptr<MemoryUse> memory;
    std::mutex mutex;
    bool closed = false;
    napi_threadsafe_function notify = nullptr;
    std::deque<std::shared_ptr<Task>> finished;
  };
  using SharedPointer = std::shared_ptr<Shared>;

  void open();
  void claim(Task& task);
  bool must_wait(const Task& task) const;
  // Starts the task on a lane's thread, when its memory is free.
  static void run(const SharedPointer& shared, const std::shared_ptr<Task>& task);
  // Starts the task on a thread that has the state of the caller.
  static void start(const SharedPointer& shared, const std::shared_ptr<Task>& task);
  static void finish_step(const SharedPointer& shared, const std::shared_ptr<Task>& task);
  static void on_finished(napi_env env, napi_value, void* tasks, void*);
  void settle(Task& task);

  Environment& environment_;
  SharedPointer shared_;
  Lane collectives_;
  Lane awaited_;
  int64_t unsettled_ = 0;
  std::unordered_map<int64_t, std::shared_ptr<Task>> numbered_;
};

}  // namespace torch_losses
