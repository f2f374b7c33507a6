// Source: torch/distributed/distributed_c10d.py (_new_process_group_helper), and
// torch/csrc/distributed/c10d/init.cpp (the constructor of ProcessGroupGloo).
#include "distributed/groups.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "bindings/bindings.h"
#include "bindings/libtorch_symbols.h"
#include "bindings/torch_release.h"
#include "distributed/nccl.h"
#include "distributed/stores.h"

namespace torch_losses {

namespace distributed {
namespace {

constexpr ExternalType kGroupType{{0x3b8d52f0c6a14e99, 0xb1f7204e8d6a3c52}, "a ProcessGroup"};

// The environment that uses c10d. It has one registry of groups for the process.
struct Owner {
  std::mutex mutex;
  const MemoryUse* environment = nullptr;
  std::string name;
};

Owner& owner() {
  static auto* instance = new Owner;
  return *instance;
}

// Makes this environment the owner. Throws if another one is, and names it.
void acquire_c10d(Environment& environment, const std::string& name) {
  require_available();
  Owner& current = owner();
  std::lock_guard lock(current.mutex);
  const MemoryUse* self = environment.async().memory().get();
  TORCH_CHECK(current.environment == nullptr || current.environment == self,
              "torch.distributed is in use by ", current.name,
              ". c10d has one set of process groups for a process: initialize it in one thread");
  current.environment = self;
  current.name = name;
}

void release_c10d(Environment& environment) {
  Owner& current = owner();
  std::lock_guard lock(current.mutex);
  if (current.environment == environment.async().memory().get()) current.environment = nullptr;
}

// Reads TORCH_DISTRIBUTED_DEBUG before its first use. Python reads it when it starts.
void read_debug_level() {
  static const bool is_read = [] {
    c10d::setDebugLevelFromEnvironment();
    return true;
  }();
  (void)is_read;
}

int64_t debug_level() {
  require_available();
  read_debug_level();
  return static_cast<int64_t>(c10d::debug_level());
}

void set_debug_level(int64_t level) {
  require_available();
  read_debug_level();
  c10d::setDebugLevel(static_cast<c10d::DebugLevel>(level));
}

void set_debug_level_from_env() {
  require_available();
  c10d::setDebugLevelFromEnvironment();
}

// What a group is made from.
struct GroupDescription {
  StorePointer store;
  std::string name;
  std::string description;
  int rank;
  int size;
  std::vector<int64_t> ranks;  // of the members in the default group
  std::chrono::milliseconds timeout;
  std::optional<at::Device> bound_device;
  // Devices and their backends, such as "cpu" and "gloo", in this order.
  std::vector<std::string> devices;
  std::vector<std::string> backends;
  std::string default_backend;
  // The communicator of NCCL of which this group's is a part, if it is one.
  std::optional<Split> split;
};

BackendPointer make_gloo(const GroupDescription& description, const StorePointer& store) {
  using c10d::ProcessGroupGloo;
  auto options = ProcessGroupGloo::Options::create_default(description.timeout);
  options->group_name = description.name;
  options->global_ranks_in_group.assign(description.ranks.begin(), description.ranks.end());
  return c10::make_intrusive<ProcessGroupGloo>(store, description.rank, description.size, options);
}

BackendPointer make_backend(const GroupDescription& description, const std::string& backend,
                            const StorePointer& store) {
  if (backend == "gloo") return make_gloo(description, store);
  if (backend == "nccl") {
    return make_nccl(store, description.rank, description.size,
                     {description.name, description.ranks, description.timeout, description.split});
  }
  std::string upper = backend;
  for (char& letter : upper) letter = static_cast<char>(std::toupper(letter));
  TORCH_CHECK(false, "Distributed package doesn't have ", upper, " built in");
}

// With TORCH_DISTRIBUTED_DEBUG=DETAIL, each collective is first compared between the ranks.
BackendPointer wrapped(const GroupDescription& description, BackendPointer backend,
                       const StorePointer& store) {
  if (c10d::debug_level() != c10d::DebugLevel::Detail) return backend;
  auto helper_store =
      c10::make_intrusive<c10d::PrefixStore>("pg_wrapper:" + description.name, store);
  auto options = c10d::ProcessGroupGloo::Options::create_default(description.timeout);
  auto helper = c10::make_intrusive<c10d::ProcessGroupGloo>(helper_store, description.rank,
                                                            description.size, options);
  return c10::make_intrusive<c10d::ProcessGroupWrapper>(backend, helper);
}

GroupPointer make_group(const GroupDescription& description) {
  using c10d::PrefixStore;
  using c10d::ProcessGroup;
  auto store = c10::make_intrusive<PrefixStore>(description.name + "/", description.store);
  auto group = c10::make_intrusive<ProcessGroup>(store, description.rank, description.size);
  group->setDefaultBackend(description.default_backend);
  group->setBoundDeviceId(description.bound_device);
  const std::string& first = description.backends.front();
  const bool is_one = std::all_of(description.backends.begin(), description.backends.end(),
                                  [&](const std::string& each) { return each == first; });
  BackendPointer backend;
  for (size_t i = 0; i < description.devices.size(); ++i) {
    const std::string& device = description.devices[i];
    const std::string& name = description.backends[i];
    if (!backend || !is_one) {
      auto backend_store = c10::make_intrusive<PrefixStore>(device + "/", store);
      backend = make_backend(description, name, backend_store);
      if constexpr (release::kNumbersCollectives) backend->setSequenceNumberForGroup();
      backend = wrapped(description, backend, backend_store);
    }
    group->setBackend(at::Device(device).type(), ProcessGroup::strToBackendType(name), backend);
  }
  group->setGroupName(description.name);
  group->setGroupDesc(description.description);
  if (const auto& device = description.bound_device) {
    const BackendPointer bound = group->getBackend(device->type());
    if (bound->supportsSplitting()) bound->eagerConnectSingleDevice(*device);
  }
  c10d::register_process_group(description.name, group);
  return group;
}

// Returns the communicator of a group with a bound device, if parts of it are made by splitting.
BackendPointer split_source(const GroupPointer& group) {
  const auto device = group->getBoundDeviceId();
  if (!device) return {};
  BackendPointer backend = group->getBackend(device->type());
  if (!backend->supportsSplitting()) return {};
  while (auto* wrapper = dynamic_cast<c10d::ProcessGroupWrapper*>(backend.get())) {
    backend = wrapper->getWrappedPg();
  }
  return backend;
}

// Does what the members of a new group wait for, in a process that is not one of them. Returns a
// promise.
napi_value leave_out(Environment& environment, const GroupPointer& whole) {
  auto task = std::make_unique<Task>();
  task->start = [whole](const Task::Done& done) {
    if (const BackendPointer source = split_source(whole)) {
      split_without_member(source, *whole->getBoundDeviceId());
    }
    done(nullptr);
  };
  task->result = [&environment] { return undefined(environment); };
  return environment.tasks().submit(environment.tasks().collectives(), std::move(task));
}

// Makes a group off the event loop. `whole`: the default group, unless this is it. Returns a
// promise of the group.
napi_value new_group(Environment& environment, StoreHandle* store, const std::string& name,
                     const std::string& description, int64_t rank, int64_t size,
                     const std::vector<int64_t>& ranks, double timeout,
                     const std::optional<at::Device>& bound_device,
                     const std::vector<std::string>& devices,
                     const std::vector<std::string>& backends, const std::string& default_backend,
                     const std::optional<GroupPointer>& whole) {
  if (devices.empty() || devices.size() != backends.size()) {
    throw_type_error("each device needs a backend");
  }
  GroupDescription described{checked(store),
                             name,
                             description,
                             static_cast<int>(rank),
                             static_cast<int>(size),
                             ranks,
                             to_milliseconds(timeout),
                             bound_device,
                             devices,
                             backends,
                             default_backend,
                             {}};
  if (const BackendPointer source = whole ? split_source(*whole) : nullptr) {
    described.split = Split{source, split_color(ranks)};
  }
  auto group = std::make_shared<GroupPointer>();
  auto task = std::make_unique<Task>();
  task->start = [group, described](const Task::Done& done) {
    read_debug_level();
    *group = make_group(described);
    done(nullptr);
  };
  task->result = [group, &environment] {
    std::unique_ptr<GroupHandle> handle(
        new GroupHandle{{std::move(*group), environment.async().memory()}});
    return new_external(environment, kGroupType, std::move(handle));
  };
  return environment.tasks().submit(environment.tasks().collectives(), std::move(task));
}

// Ends a group after the collectives that were started before. Returns a promise.
napi_value destroy_group(Environment& environment, GroupHandle* handle) {
  auto group = std::make_shared<GroupPointer>(handle->group.take());
  auto task = std::make_unique<Task>();
  task->start = [group](const Task::Done& done) {
    if (*group) {
      release_reducers(*group);
      c10d::unregister_process_group((*group)->getGroupName());
      (*group)->shutdown();
      destroy_soon(std::exchange(*group, {}));
    }
    done(nullptr);
  };
  task->result = [&environment] { return undefined(environment); };
  return environment.tasks().submit(environment.tasks().collectives(), std::move(task));
}

// The store of a group, in which the groups made from it have their keys.
napi_value group_store(Environment& environment, GroupHandle* handle) {
  return new_store(environment, checked(handle)->getStore());
}

}  // namespace

bool is_available() { return symbol_of_libtorch("_ZN4c10d12ProcessGroupD1Ev") != nullptr; }

void require_available() {
  TORCH_CHECK(is_available(),
              "Distributed package is not available: this libtorch was built without it");
}

const GroupPointer& checked(const GroupHandle* handle) {
  TORCH_CHECK_VALUE(handle->group.get(), "Invalid process group specified or has been destroyed.");
  return handle->group.get();
}

bool starts_at_once(const GroupPointer& group) {
  return group->getBackendType() == c10d::ProcessGroup::BackendType::GLOO &&
         c10d::debug_level() != c10d::DebugLevel::Detail;
}

}  // namespace distributed

template <>
distributed::GroupHandle* read(Environment& environment, napi_value value) {
  return read_external<distributed::GroupHandle>(environment, distributed::kGroupType, value);
}

template <>
distributed::GroupPointer read(Environment& environment, napi_value value) {
  return distributed::checked(read<distributed::GroupHandle*>(environment, value));
}

void add_groups(Bindings& bindings) {
  using namespace distributed;  // NOLINT: a list of names
  bindings.add("dist_is_available", [] { return is_available(); });
  bindings.add<&acquire_c10d>("dist_acquire");
  bindings.add<&release_c10d>("dist_release");
  bindings.add<&debug_level>("dist_debug_level");
  bindings.add<&set_debug_level>("dist_set_debug_level");
  bindings.add<&set_debug_level_from_env>("dist_set_debug_level_from_env");
  bindings.add<&split_color>("dist_split_color");
  bindings.add<&new_group>("dist_new_group");
  bindings.add<&leave_out>("dist_leave_out");
  bindings.add<&destroy_group>("dist_destroy_group");
  bindings.add<&group_store>("dist_group_store");
}

}  // namespace torch_losses
