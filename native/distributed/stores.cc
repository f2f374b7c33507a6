// Source: torch/csrc/distributed/c10d/init.cpp.
#include "distributed/stores.h"

#include <optional>
#include <utility>

#include "bindings/bindings.h"

namespace torch_losses {

namespace distributed {
namespace {

constexpr ExternalType kStoreType{{0x9f6c1d9a3b5e4f07, 0x8a2e6d4c1b7f9035}, "a Store"};

// The value of a key.
struct Bytes {
  std::vector<uint8_t> data;
};

}  // namespace
}  // namespace distributed

template <>
distributed::Bytes read(Environment& environment, napi_value value) {
  napi_env env = environment.env();
  if (!call_node<bool>(env, napi_is_buffer, value)) throw ArgumentMismatch{"a Buffer"};
  void* data = nullptr;
  size_t size = 0;
  check(env, napi_get_buffer_info(env, value, &data, &size));
  const auto* bytes = static_cast<const uint8_t*>(data);
  return {{bytes, bytes + size}};
}

template <>
distributed::StoreHandle* read(Environment& environment, napi_value value) {
  return read_external<distributed::StoreHandle>(environment, distributed::kStoreType, value);
}

namespace distributed {
namespace {

napi_value to_value(Environment& environment, const Bytes& bytes) {
  napi_value buffer = nullptr;
  check(environment.env(), napi_create_buffer_copy(environment.env(), bytes.data.size(),
                                                   bytes.data.data(), nullptr, &buffer));
  return buffer;
}
napi_value to_value(Environment& environment, const std::vector<Bytes>& values) {
  napi_value array = new_array(environment, values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    set_element(environment, array, i, to_value(environment, values[i]));
  }
  return array;
}
template <typename T>
napi_value to_value(Environment& environment, const T& value) {
  return to_javascript(environment, value);
}

// Calls a store off the event loop. Returns a promise of the result.
template <typename Call>
napi_value call_store(Environment& environment, const StoreHandle* handle, Call call) {
  using Result = std::invoke_result_t<Call, c10d::Store&>;
  auto task = std::make_unique<Task>();
  const StorePointer store = checked(handle);
  if constexpr (std::is_void_v<Result>) {
    task->start = [store, call](const Task::Done& done) {
      call(*store);
      done(nullptr);
    };
    task->result = [&environment] { return undefined(environment); };
  } else {
    auto result = std::make_shared<std::optional<Result>>();
    task->start = [store, call, result](const Task::Done& done) {
      result->emplace(call(*store));
      done(nullptr);
    };
    task->result = [result, &environment] { return to_value(environment, **result); };
  }
  return environment.tasks().submit(*handle->lane, std::move(task));
}

// Makes a store off the event loop. Returns a promise of what `describe` makes of it.
template <typename Make, typename Describe>
napi_value make_store(Environment& environment, Make make, Describe describe) {
  require_available();
  auto lane = std::make_shared<Lane>();
  auto store = std::make_shared<std::invoke_result_t<Make>>();
  auto task = std::make_unique<Task>();
  task->start = [store, make](const Task::Done& done) {
    *store = make();
    done(nullptr);
  };
  task->result = [store, lane, describe, &environment] {
    const auto made = std::move(*store);
    return describe(environment, made, new_store(environment, made, lane));
  };
  return environment.tasks().submit(*lane, std::move(task));
}

napi_value make_tcp_store(Environment& environment, const std::string& host, int64_t port,
                          std::optional<int64_t> world_size, bool is_master, double timeout,
                          bool wait_for_workers, bool multi_tenant,
                          std::optional<int64_t> master_listen_fd, bool use_libuv) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(port);
  options.isServer = is_master;
  if (world_size) options.numWorkers = static_cast<size_t>(*world_size);
  options.waitWorkers = wait_for_workers;
  options.timeout = to_milliseconds(timeout);
  options.multiTenant = multi_tenant;
  if (master_listen_fd) options.masterListenFd = static_cast<int>(*master_listen_fd);
  options.useLibUV = use_libuv;
  return make_store(
      environment, [host, options] { return c10::make_intrusive<c10d::TCPStore>(host, options); },
      [](Environment& environment, const c10::intrusive_ptr<c10d::TCPStore>& store,
         napi_value value) {
        napi_value described = new_object(environment);
        set_property(environment, described, "store", value);
        set_property(environment, described, "host", store->getHost());
        set_property(environment, described, "port", static_cast<int64_t>(store->getPort()));
        set_property(environment, described, "libuv", store->isLibUvBackend());
        return described;
      });
}

napi_value make_file_store(Environment& environment, const std::string& path, int64_t world_size) {
  return make_store(
      environment,
      [path, world_size] {
        return c10::make_intrusive<c10d::FileStore>(path, static_cast<int>(world_size));
      },
      [](Environment&, const c10::intrusive_ptr<c10d::FileStore>&, napi_value value) {
        return value;
      });
}

napi_value make_prefix_store(Environment& environment, const std::string& prefix,
                             StoreHandle* handle) {
  return new_store(environment, c10::make_intrusive<c10d::PrefixStore>(prefix, checked(handle)),
                   handle->lane);
}

napi_value clone_store(Environment& environment, StoreHandle* handle) {
  const StorePointer store = checked(handle);
  return make_store(
      environment, [store] { return store->clone(); },
      [](Environment&, const StorePointer&, napi_value value) { return value; });
}

// Closes a store after its running call. Returns a promise.
napi_value close_store(Environment& environment, StoreHandle* handle) {
  auto store = std::make_shared<StorePointer>(handle->store.take());
  auto task = std::make_unique<Task>();
  task->start = [store](const Task::Done& done) {
    destroy_soon(std::exchange(*store, {}));
    done(nullptr);
  };
  task->result = [&environment] { return undefined(environment); };
  Lane lane;
  return environment.tasks().submit(lane, std::move(task));
}

std::vector<std::vector<uint8_t>> data_of(const std::vector<Bytes>& values) {
  std::vector<std::vector<uint8_t>> data;
  for (const Bytes& value : values) data.push_back(value.data);
  return data;
}

}  // namespace

napi_value new_store(Environment& environment, StorePointer store, std::shared_ptr<Lane> lane) {
  std::unique_ptr<StoreHandle> handle(
      new StoreHandle{{std::move(store), environment.async().memory()}, std::move(lane)});
  return new_external(environment, kStoreType, std::move(handle));
}

const StorePointer& checked(const StoreHandle* handle) {
  TORCH_CHECK_VALUE(handle->store.get(), "the store was closed");
  return handle->store.get();
}

}  // namespace distributed

void add_stores(Bindings& bindings) {
  using namespace distributed;  // NOLINT: a list of names
  bindings.add<&make_tcp_store>("dist_tcp_store");
  bindings.add<&make_file_store>("dist_file_store");
  bindings.add<&make_prefix_store>("dist_prefix_store");
  bindings.add<&clone_store>("dist_store_clone");
  bindings.add<&close_store>("dist_store_close");
  using Name = const std::string&;
  using Names = const std::vector<std::string>&;
  bindings.add("dist_store_set", [](Environment& e, StoreHandle* s, Name key, const Bytes& value) {
    return call_store(e, s, [=](c10d::Store& store) { store.set(key, value.data); });
  });
  bindings.add("dist_store_compare_set", [](Environment& e, StoreHandle* s, Name key,
                                            const Bytes& expected, const Bytes& desired) {
    return call_store(e, s, [=](c10d::Store& store) {
      return Bytes{store.compareSet(key, expected.data, desired.data)};
    });
  });
  bindings.add("dist_store_get", [](Environment& e, StoreHandle* s, Name key) {
    return call_store(e, s, [=](c10d::Store& store) { return Bytes{store.get(key)}; });
  });
  bindings.add("dist_store_add", [](Environment& e, StoreHandle* s, Name key, int64_t amount) {
    return call_store(e, s, [=](c10d::Store& store) { return store.add(key, amount); });
  });
  bindings.add("dist_store_delete_key", [](Environment& e, StoreHandle* s, Name key) {
    return call_store(e, s, [=](c10d::Store& store) { return store.deleteKey(key); });
  });
  bindings.add("dist_store_check", [](Environment& e, StoreHandle* s, Names keys) {
    return call_store(e, s, [=](c10d::Store& store) { return store.check(keys); });
  });
  bindings.add("dist_store_num_keys", [](Environment& e, StoreHandle* s) {
    return call_store(e, s, [](c10d::Store& store) { return store.getNumKeys(); });
  });
  bindings.add("dist_store_wait",
               [](Environment& e, StoreHandle* s, Names keys, std::optional<double> timeout) {
                 return call_store(e, s, [=](c10d::Store& store) {
                   timeout ? store.wait(keys, to_milliseconds(*timeout)) : store.wait(keys);
                 });
               });
  bindings.add(
      "dist_store_append", [](Environment& e, StoreHandle* s, Name key, const Bytes& value) {
        return call_store(e, s, [=](c10d::Store& store) { store.append(key, value.data); });
      });
  bindings.add("dist_store_multi_get", [](Environment& e, StoreHandle* s, Names keys) {
    return call_store(e, s, [=](c10d::Store& store) {
      std::vector<Bytes> values;
      for (auto& value : store.multiGet(keys)) values.push_back({std::move(value)});
      return values;
    });
  });
  bindings.add("dist_store_multi_set", [](Environment& e, StoreHandle* s, Names keys,
                                          const std::vector<Bytes>& values) {
    return call_store(e, s, [=](c10d::Store& store) { store.multiSet(keys, data_of(values)); });
  });
  bindings.add(
      "dist_store_queue_push", [](Environment& e, StoreHandle* s, Name key, const Bytes& value) {
        return call_store(e, s, [=](c10d::Store& store) { store.queuePush(key, value.data); });
      });
  bindings.add("dist_store_queue_pop", [](Environment& e, StoreHandle* s, Name key, bool block) {
    return call_store(e, s, [=](c10d::Store& store) { return Bytes{store.queuePop(key, block)}; });
  });
  bindings.add("dist_store_queue_len", [](Environment& e, StoreHandle* s, Name key) {
    return call_store(e, s, [=](c10d::Store& store) { return store.queueLen(key); });
  });
  bindings.add("dist_store_list_keys", [](Environment& e, StoreHandle* s) {
    return call_store(e, s, [](c10d::Store& store) { return store.listKeys(); });
  });
  bindings.add("dist_store_has_extended_api",
               [](Environment&, StoreHandle* s) { return checked(s)->hasExtendedApi(); });
  bindings.add("dist_store_timeout", [](Environment&, StoreHandle* s) {
    return static_cast<double>(checked(s)->getTimeout().count());
  });
  bindings.add("dist_store_set_timeout", [](Environment&, StoreHandle* s, double timeout) {
    checked(s)->setTimeout(to_milliseconds(timeout));
  });
}

}  // namespace torch_losses
