#include "bindings/tasks.h"

#include <ATen/ThreadLocalState.h>

#include <chrono>
#include <thread>
#include <utility>

#include "bindings/arguments.h"
#include "bindings/environment.h"
#include "bindings/errors.h"

namespace torch_losses {
namespace {

// How long a lane's thread waits for another function.
constexpr std::chrono::seconds kIdleTime{1};

}  // namespace

void Lane::push(std::function<void()> function) {
  std::lock_guard lock(state_->mutex);
  state_->functions.push_back(std::move(function));
  state_->pushed.notify_one();
  if (std::exchange(state_->is_running, true)) return;
  std::thread([state = state_] { run(*state); }).detach();
}

bool Lane::is_idle() const {
  std::lock_guard lock(state_->mutex);
  return state_->functions.empty() && !state_->is_busy;
}

void Lane::run(State& state) {
  std::unique_lock lock(state.mutex);
  // Waits by the system clock: by the steady one, it would need glibc 2.30.
  const auto is_pushed = [&] { return !state.functions.empty(); };
  while (state.pushed.wait_until(lock, std::chrono::system_clock::now() + kIdleTime, is_pushed)) {
    std::function<void()> function = std::move(state.functions.front());
    state.functions.pop_front();
    state.is_busy = true;
    lock.unlock();
    function();
    function = nullptr;
    lock.lock();
    state.is_busy = false;
  }
  state.is_running = false;
}

Tasks::Tasks(Environment& environment)
    : environment_(environment), shared_(std::make_shared<Shared>(environment.async().memory())) {}

napi_value Tasks::submit(Lane& lane, std::unique_ptr<Task> owned) {
  napi_env env = environment_.env();
  open();
  std::shared_ptr<Task> task = std::move(owned);
  claim(*task);
  napi_value promise = nullptr;
  check(env, napi_create_promise(env, &task->deferred, &promise));
  if (unsettled_++ == 0) check(env, napi_ref_threadsafe_function(env, shared_->notify));
  environment_.async().begin_collective();
  if (task->number != 0) numbered_.emplace(task->number, task);
  if (task->starts_at_once && lane.is_idle() && !must_wait(*task)) {
    start(shared_, task);
  } else {
    lane.push([shared = shared_, task] { run(shared, task); });
  }
  return promise;
}

bool Tasks::must_wait(const Task& task) const {
  std::lock_guard lock(shared_->memory->mutex);
  return shared_->memory->must_wait(task.claim);
}

void Tasks::abort(int64_t number) {
  auto found = numbered_.find(number);
  if (found != numbered_.end() && found->second->abort) found->second->abort();
}

void Tasks::claim(Task& task) {
  task.claim.is_collective = true;
  task.claim.is_message = task.is_message;
  task.claim.is_awaited = task.is_awaited;
  task.claim.use(task.tensors);
  task.claim.write(task.written);
  MemoryUse& memory = *shared_->memory;
  std::lock_guard lock(memory.mutex);
  TORCH_CHECK(!memory.conflicts_with_message(task.claim),
              "a tensor is in use by a send, recv or collective that has not finished: await it "
              "before the tensor is used again");
  memory.add(task.claim);
}

void Tasks::open() {
  if (shared_->notify != nullptr) return;
  napi_env env = environment_.env();
  napi_value name = to_javascript(environment_, std::string("torch-losses tasks"));
  check(env, napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr,
                                             this, &Tasks::on_finished, &shared_->notify));
  check(env, napi_unref_threadsafe_function(env, shared_->notify));
}

void Tasks::run(const SharedPointer& shared, const std::shared_ptr<Task>& task) {
  {
    MemoryUse& memory = *shared->memory;
    std::unique_lock lock(memory.mutex);
    memory.changed.wait(lock, [&] { return memory.closed || !memory.must_wait(task->claim); });
    if (memory.closed) return;
  }
  at::ThreadLocalStateGuard state(task->state.thread_local_state());
  try {
    task->state.apply();
  } catch (...) {
    task->start = [error = std::current_exception()](const Task::Done& done) { done(error); };
  }
  start(shared, task);
}

void Tasks::start(const SharedPointer& shared, const std::shared_ptr<Task>& task) {
  const Task::Done done = [shared, task](std::exception_ptr error) {
    task->error = std::move(error);
    finish_step(shared, task);
  };
  WarningScope warnings;
  try {
    task->start(done);
  } catch (...) {
    done(std::current_exception());
  }
  task->start = nullptr;
  task->warnings = warnings.take();
  finish_step(shared, task);
}

void Tasks::finish_step(const SharedPointer& shared, const std::shared_ptr<Task>& task) {
  if (--task->steps_left != 0) return;
  {
    std::lock_guard lock(shared->memory->mutex);
    shared->memory->remove(task->claim);
  }
  shared->memory->changed.notify_all();
  std::lock_guard lock(shared->mutex);
  if (shared->closed) return;
  shared->finished.push_back(task);
  napi_call_threadsafe_function(shared->notify, nullptr, napi_tsfn_nonblocking);
}

// The callback of the thread-safe function: settles the promises of the tasks that have ended.
void Tasks::on_finished(napi_env env, napi_value, void* data, void*) {
  if (env == nullptr) return;  // the environment is ending
  auto& tasks = *static_cast<Tasks*>(data);
  for (;;) {
    std::shared_ptr<Task> task;
    {
      std::lock_guard lock(tasks.shared_->mutex);
      if (tasks.shared_->finished.empty()) return;
      task = std::move(tasks.shared_->finished.front());
      tasks.shared_->finished.pop_front();
    }
    tasks.numbered_.erase(task->number);
    tasks.settle(*task);
    tasks.environment_.async().end_collective();
    if (--tasks.unsettled_ == 0) napi_unref_threadsafe_function(env, tasks.shared_->notify);
  }
}

void Tasks::settle(Task& task) {
  settle_promise(environment_, task.deferred, task.warnings, task.error, task.result);
}

void Tasks::shut_down() {
  std::lock_guard lock(shared_->mutex);
  shared_->closed = true;
  shared_->finished.clear();
  numbered_.clear();
  if (shared_->notify == nullptr) return;
  napi_release_threadsafe_function(std::exchange(shared_->notify, nullptr), napi_tsfn_abort);
}

}  // namespace torch_losses
