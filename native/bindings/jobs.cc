#include "bindings/jobs.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <utility>

#include "bindings/arguments.h"
#include "bindings/environment.h"
#include "bindings/errors.h"
#include "bindings/memory_retry.h"
#include "operators/context.h"

namespace torch_losses {

namespace {

// What tensors that share memory have in common.
const void* memory_of(const at::Tensor& tensor) {
  if (!tensor.has_storage()) return tensor.unsafeGetTensorImpl();
  return tensor.storage().unsafeGetStorageImpl();
}

void count_down(std::unordered_map<const void*, int>& counts, const void* key) {
  auto found = counts.find(key);
  if (found != counts.end() && --found->second == 0) counts.erase(found);
}

bool changes_memory(const Job& job) { return job.runs_graph || !job.written.empty(); }

}  // namespace

napi_value AsyncQueue::submit(std::unique_ptr<Job> job) {
  start();
  napi_env env = environment_.env();
  napi_value promise = nullptr;
  check(env, napi_create_promise(env, &job->deferred, &promise));
  job->threads = at::get_num_threads();
  job->run = [run = std::move(job->run), flushes = flush_denormal()] {
    // The processor's flag is a thread's, and the worker has its own.
    if (flush_denormal() != flushes) set_flush_denormal(flushes);
    run();
  };
  job->autocast = AutocastSettings::current();
  job->cuda = CudaSettings::current();
  if (pending_ == 0) check(env, napi_ref_threadsafe_function(env, notify_));
  ++pending_;
  writers_ += changes_memory(*job) ? 1 : 0;
  {
    std::lock_guard lock(mutex_);
    claim(*job);
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
    release(*job);
  }
  changed_.notify_all();
  finish(*job);
  return true;
}

void AsyncQueue::wait_until_unchanged(const at::Tensor& tensor) {
  const void* memory = memory_of(tensor);
  std::unique_lock lock(mutex_);
  wait_until(lock, [&] { return !changing_.contains(memory); });
}

void AsyncQueue::wait_until_unused(const at::Tensor& tensor) {
  const void* memory = memory_of(tensor);
  std::unique_lock lock(mutex_);
  wait_until(lock, [&] { return graphs_ == 0 && !in_use_.contains(memory); });
}

void AsyncQueue::wait_for_graphs() {
  if (writers_ == 0) return;
  std::unique_lock lock(mutex_);
  wait_until(lock, [&] { return graphs_ == 0 && changing_.empty(); });
}

// The worker may be waiting for memory meanwhile.
template <typename Condition>
void AsyncQueue::wait_until(std::unique_lock<std::mutex>& lock, Condition holds) {
  while (!holds()) {
    give_memory(lock);
    changed_.wait(lock, [&] { return needs_memory_ || holds(); });
  }
}

void AsyncQueue::start() {
  if (thread_.joinable()) return;
  napi_env env = environment_.env();
  napi_value name = to_javascript(environment_, std::string("torch-losses"));
  check(env, napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr,
                                             this, &AsyncQueue::on_finished, &notify_));
  check(env, napi_unref_threadsafe_function(env, notify_));
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

void AsyncQueue::work() {
  for (;;) {
    std::unique_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      job = std::move(waiting_.front());
      waiting_.pop_front();
    }
    execute(*job);
    bool stopping = false;
    {
      std::lock_guard lock(mutex_);
      release(*job);
      finished_.push_back(std::move(job));
      stopping = stopping_;
    }
    changed_.notify_all();
    if (!stopping) napi_call_threadsafe_function(notify_, nullptr, napi_tsfn_nonblocking);
  }
}

void AsyncQueue::execute(Job& job) {
  at::ThreadLocalStateGuard state(job.state);
  // The number of threads belongs to a thread, and this one has its own.
  if (at::get_num_threads() != job.threads) at::set_num_threads(job.threads);
  job.autocast.apply();
  WarningScope warnings;
  try {
    job.cuda.apply();
    run(job);
  } catch (...) {
    job.error = std::current_exception();
  }
  job.run = nullptr;
  job.warnings = warnings.take();
}

// As trying_again, whose part of freeing what is dead is the environment's thread's.
void AsyncQueue::run(Job& job) {
  try {
    fail_where_simulated();
    job.run();
    return;
  } catch (const c10::OutOfMemoryError&) {
    if (!ask_for_memory() || !job.is_repeatable) throw;
  }
  fail_where_simulated();
  job.run();
}

// Waits until the environment's thread has freed what is dead; false where it is ending.
bool AsyncQueue::ask_for_memory() {
  std::unique_lock lock(mutex_);
  if (stopping_) return false;
  needs_memory_ = true;
  changed_.notify_all();
  napi_call_threadsafe_function(notify_, nullptr, napi_tsfn_nonblocking);
  changed_.wait(lock, [&] { return !needs_memory_ || stopping_; });
  return !stopping_;
}

// On the environment's thread, which may itself be waiting for the worker.
void AsyncQueue::give_memory(std::unique_lock<std::mutex>& lock) {
  if (!needs_memory_) return;
  lock.unlock();
  try {
    environment_.handles().relieve(Pressure::Exhausted);
  } catch (...) {
    // The worker then tries again with what there is.
    napi_value failure = nullptr;
    napi_get_and_clear_last_exception(environment_.env(), &failure);
  }
  lock.lock();
  needs_memory_ = false;
  changed_.notify_all();
}

void AsyncQueue::on_finished(napi_env env, napi_value, void* data, void*) {
  if (env == nullptr) return;  // the environment is ending
  auto& queue = *static_cast<AsyncQueue*>(data);
  for (;;) {
    std::unique_ptr<Job> job;
    {
      std::unique_lock lock(queue.mutex_);
      queue.give_memory(lock);
      if (queue.finished_.empty()) return;
      job = std::move(queue.finished_.front());
      queue.finished_.pop_front();
    }
    queue.settle(*job);
    queue.finish(*job);
  }
}

void AsyncQueue::settle(Job& job) {
  napi_env env = environment_.env();
  napi_value value = nullptr;
  try {
    environment_.emit_warnings(job.warnings);
    if (job.error) std::rethrow_exception(job.error);
    value = job.result();
  } catch (...) {
    throw_to_javascript(environment_);
    napi_value error = nullptr;
    if (napi_get_and_clear_last_exception(env, &error) == napi_ok) {
      napi_reject_deferred(env, job.deferred, error);
    }
    return;
  }
  napi_resolve_deferred(env, job.deferred, value);
}

void AsyncQueue::finish(const Job& job) {
  writers_ -= changes_memory(job) ? 1 : 0;
  if (--pending_ == 0) napi_unref_threadsafe_function(environment_.env(), notify_);
}

// Remembered by the job, which may itself give a tensor another storage.
void AsyncQueue::claim(Job& job) {
  for (const at::Tensor& tensor : job.tensors) job.uses.push_back(memory_of(tensor));
  for (const at::Tensor& tensor : job.written) job.changes.push_back(memory_of(tensor));
  for (const void* memory : job.uses) ++in_use_[memory];
  for (const void* memory : job.changes) ++changing_[memory];
  graphs_ += job.runs_graph ? 1 : 0;
}

void AsyncQueue::release(const Job& job) {
  for (const void* memory : job.uses) count_down(in_use_, memory);
  for (const void* memory : job.changes) count_down(changing_, memory);
  graphs_ -= job.runs_graph ? 1 : 0;
}

}  // namespace torch_losses
