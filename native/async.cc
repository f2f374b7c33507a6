#include "async.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <utility>

#include "arguments.h"
#include "environment.h"
#include "errors.h"
#include "memory_retry.h"

namespace torch_losses {

napi_value AsyncQueue::submit(std::unique_ptr<Job> job) {
  start();
  napi_env env = environment_.env();
  napi_value promise = nullptr;
  check(env, napi_create_promise(env, &job->deferred, &promise));
  job->threads = at::get_num_threads();
  job->autocast = AutocastSettings::current();
  job->cuda = CudaSettings::current();
  if (pending_++ == 0) check(env, napi_ref_threadsafe_function(env, notify_));
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
  finish_one();
  return true;
}

void AsyncQueue::wait_for(const at::Tensor& tensor) {
  if (idle() || !tensor.has_storage()) return;
  Storage storage = tensor.storage().unsafeGetStorageImpl();
  std::unique_lock lock(mutex_);
  while (in_use_.contains(storage)) {
    give_memory(lock);
    changed_.wait(lock, [&] { return needs_memory_ || !in_use_.contains(storage); });
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
    queue.finish_one();
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

void AsyncQueue::finish_one() {
  if (--pending_ == 0) napi_unref_threadsafe_function(environment_.env(), notify_);
}

void AsyncQueue::claim(const Job& job) {
  for (const at::Tensor& tensor : job.tensors) {
    if (tensor.has_storage()) ++in_use_[tensor.storage().unsafeGetStorageImpl()];
  }
}

void AsyncQueue::release(const Job& job) {
  for (const at::Tensor& tensor : job.tensors) {
    if (!tensor.has_storage()) continue;
    auto found = in_use_.find(tensor.storage().unsafeGetStorageImpl());
    if (found != in_use_.end() && --found->second == 0) in_use_.erase(found);
  }
}

}  // namespace torch_losses
