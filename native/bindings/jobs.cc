#include "bindings/jobs.h"

#include <ATen/ThreadLocalState.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "bindings/arguments.h"
#include "bindings/environment.h"
#include "bindings/errors.h"
#include "bindings/memory_retry.h"

namespace torch_losses {
namespace {

// Returns an async resource that says of itself, as Node's own handles do, that it does not keep
// the process running. Jest looks for open handles by that.
napi_value idle_resource(Environment& environment) {
  napi_env env = environment.env();
  const auto has_ref = [](napi_env env, napi_callback_info) {
    napi_value no = nullptr;
    napi_get_boolean(env, false, &no);
    return no;
  };
  napi_value function = nullptr;
  check(env, napi_create_function(env, "hasRef", NAPI_AUTO_LENGTH, has_ref, nullptr, &function));
  napi_value resource = new_object(environment);
  set_property(environment, resource, "hasRef", function);
  return resource;
}

bool writes_memory(const Job& job) { return job.runs_graph || !job.written.empty(); }

}  // namespace

void settle_promise(Environment& environment, napi_deferred deferred,
                    const std::vector<Warning>& warnings, const std::exception_ptr& error,
                    const std::function<napi_value()>& result) {
  napi_env env = environment.env();
  napi_value value = nullptr;
  try {
    environment.emit_warnings(warnings);
    if (error) std::rethrow_exception(error);
    value = result();
  } catch (...) {
    throw_to_javascript(environment);
    napi_value failure = nullptr;
    if (napi_get_and_clear_last_exception(env, &failure) == napi_ok) {
      napi_reject_deferred(env, deferred, failure);
    }
    return;
  }
  napi_resolve_deferred(env, deferred, value);
}

napi_value AsyncQueue::submit(std::unique_ptr<Job> job) {
  start();
  napi_env env = environment_.env();
  napi_value promise = nullptr;
  check(env, napi_create_promise(env, &job->deferred, &promise));
  if (unsettled_ == 0) check(env, napi_ref_threadsafe_function(env, notify_));
  ++unsettled_;
  writers_ += writes_memory(*job) ? 1 : 0;
  {
    std::lock_guard lock(mutex_);
    mark_memory(*job);
    waiting_.push_back(std::move(job));
  }
  changed_.notify_all();
  return promise;
}

bool AsyncQueue::cancel(int64_t number) {
  std::unique_ptr<Job> job;
  {
    std::lock_guard lock(mutex_);
    auto found = std::find_if(waiting_.begin(), waiting_.end(),
                              [&](const auto& waiting) { return waiting->number == number; });
    if (found == waiting_.end()) return false;
    job = std::move(*found);
    waiting_.erase(found);
    memory_->remove(job->claim);
  }
  changed_.notify_all();
  forget(*job);
  return true;
}

void AsyncQueue::wait_until_unwritten(const at::Tensor& tensor) {
  const void* memory = memory_of(tensor);
  std::unique_lock lock(mutex_);
  wait_until(lock, [&] { return !memory_->is_written(memory); });
}

void AsyncQueue::wait_until_unused(const at::Tensor& tensor) {
  const void* memory = memory_of(tensor);
  std::unique_lock lock(mutex_);
  wait_until(lock, [&] { return !memory_->is_used(memory); });
}

void AsyncQueue::wait_for_graphs() {
  if ((writers_ == 0 && collectives_ == 0) || is_serving_) return;
  std::unique_lock lock(mutex_);
  wait_until(lock, [&] { return !memory_->has_writers(); });
}

void AsyncQueue::wait_for(MemoryUse::Claim claim) {
  if ((unsettled_ == 0 && collectives_ == 0) || is_serving_) return;
  claim.order = std::numeric_limits<uint64_t>::max();  // after all others
  std::unique_lock lock(mutex_);
  wait_until(lock, [&] { return !memory_->must_wait(claim); });
}

// Waits until the condition holds. Serves the requests of other threads meanwhile.
template <typename Condition>
void AsyncQueue::wait_until(std::unique_lock<std::mutex>& lock, Condition holds) {
  while (!holds()) {
    serve_requests(lock);
    if (holds()) return;
    TORCH_CHECK(!memory_->awaits_javascript(),
                "a tensor is in use, and a backward pass waits for its communication hook in "
                "JavaScript: await what uses the tensor, or the backward pass, before");
    changed_.wait(lock, [&] { return !requests_.empty() || holds(); });
  }
}

void AsyncQueue::open() {
  if (notify_ != nullptr) return;
  napi_env env = environment_.env();
  napi_value name = to_javascript(environment_, std::string("torch-losses"));
  check(env, napi_create_threadsafe_function(env, nullptr, idle_resource(environment_), name, 0, 1,
                                             nullptr, nullptr, this, &AsyncQueue::on_finished,
                                             &notify_));
  check(env, napi_unref_threadsafe_function(env, notify_));
}

// Starts the worker thread, if it is not running.
void AsyncQueue::start() {
  if (thread_.joinable()) return;
  open();
  thread_ = std::thread([this] { work(); });
}

void AsyncQueue::shut_down() {
  std::deque<std::unique_ptr<Job>> dropped;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(waiting_);
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (notify_ != nullptr) {
    napi_release_threadsafe_function(std::exchange(notify_, nullptr), napi_tsfn_abort);
  }
}

// The worker thread: runs jobs until the queue shuts down.
void AsyncQueue::work() {
  for (;;) {
    std::unique_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      job = std::move(waiting_.front());
      waiting_.pop_front();
      changed_.wait(lock, [&] { return stopping_ || !memory_->must_wait(job->claim); });
      if (stopping_) return;
    }
    execute(*job);
    bool stopping = false;
    {
      std::lock_guard lock(mutex_);
      memory_->remove(job->claim);
      finished_.push_back(std::move(job));
      stopping = stopping_;
    }
    changed_.notify_all();
    if (!stopping) napi_call_threadsafe_function(notify_, nullptr, napi_tsfn_nonblocking);
  }
}

void AsyncQueue::execute(Job& job) {
  at::ThreadLocalStateGuard state(job.state.thread_local_state());
  WarningScope warnings;
  try {
    job.state.apply();
    run(job);
  } catch (...) {
    job.error = std::current_exception();
  }
  job.run = nullptr;
  job.warnings = warnings.take();
}

// Runs the job, and once more if memory ran out: retry_on_out_of_memory for the worker thread,
// which asks the environment's thread to free memory.
void AsyncQueue::run(Job& job) {
  try {
    throw_if_simulated();
    job.run();
    return;
  } catch (const c10::OutOfMemoryError&) {
    if (!request([this] { free_memory(); }) || !job.is_repeatable) throw;
  }
  throw_if_simulated();
  job.run();
}

void AsyncQueue::free_memory() noexcept {
  try {
    environment_.handles().relieve(Pressure::OutOfMemory);
  } catch (...) {
    // The worker tries again all the same.
    napi_value failure = nullptr;
    napi_get_and_clear_last_exception(environment_.env(), &failure);
  }
}

// Asks the environment's thread to run `body`, and waits. Returns false if the queue shuts down.
bool AsyncQueue::request(c10::function_ref<void()> body) {
  Request request{body};
  std::unique_lock lock(mutex_);
  if (stopping_) return false;
  requests_.push_back(&request);
  changed_.notify_all();
  if (notify_ != nullptr) napi_call_threadsafe_function(notify_, nullptr, napi_tsfn_nonblocking);
  changed_.wait(lock, [&] { return request.done || stopping_; });
  if (!request.done) std::erase(requests_, &request);
  return request.done;
}

// Runs what other threads wait for. Runs on the environment's thread, which may itself be waiting
// for one of them.
void AsyncQueue::serve_requests(std::unique_lock<std::mutex>& lock) {
  while (!requests_.empty()) {
    Request& request = *requests_.front();
    requests_.pop_front();
    lock.unlock();
    const bool was_serving = std::exchange(is_serving_, true);
    environment_.pause_recording();
    request.body();
    environment_.end_recording();
    is_serving_ = was_serving;
    lock.lock();
    request.done = true;
    changed_.notify_all();
  }
}

void AsyncQueue::run_on_environment_thread(c10::function_ref<void()> body) {
  if (std::this_thread::get_id() == environment_thread_) {
    body();
    return;
  }
  TORCH_CHECK(request(body), "the thread that has the function is ending");
}

void AsyncQueue::run_aside(const std::function<void()>& body) {
  std::exception_ptr failure;
  std::vector<Warning> raised;
  bool done = false;
  const CallerState state;
  std::thread thread([&] {
    at::ThreadLocalStateGuard guard(state.thread_local_state());
    WarningScope warnings;
    try {
      state.apply();
      body();
    } catch (...) {
      failure = std::current_exception();
    }
    raised = warnings.take();
    std::lock_guard lock(mutex_);
    done = true;
    changed_.notify_all();
  });
  {
    std::unique_lock lock(mutex_);
    wait_until(lock, [&] { return done; });
  }
  thread.join();
  for (Warning& warning : raised) warn(std::move(warning));
  if (failure) std::rethrow_exception(failure);
}

// The callback of the thread-safe function: settles the promises of finished jobs.
void AsyncQueue::on_finished(napi_env env, napi_value, void* data, void*) {
  if (env == nullptr) return;  // the environment is ending
  auto& queue = *static_cast<AsyncQueue*>(data);
  for (;;) {
    std::unique_ptr<Job> job;
    {
      std::unique_lock lock(queue.mutex_);
      queue.serve_requests(lock);
      if (queue.finished_.empty()) return;
      job = std::move(queue.finished_.front());
      queue.finished_.pop_front();
    }
    queue.settle(*job);
    queue.forget(*job);
  }
}

void AsyncQueue::settle(Job& job) {
  settle_promise(environment_, job.deferred, job.warnings, job.error, job.result);
}

// Counts the job's promise as settled.
void AsyncQueue::forget(const Job& job) {
  writers_ -= writes_memory(job) ? 1 : 0;
  if (--unsettled_ == 0) napi_unref_threadsafe_function(environment_.env(), notify_);
}

// Marks the job's memory as in use.
void AsyncQueue::mark_memory(Job& job) {
  job.claim.use(job.tensors);
  job.claim.write(job.written);
  job.claim.uses_everything = job.runs_graph;
  memory_->add(job.claim);
}

}  // namespace torch_losses
