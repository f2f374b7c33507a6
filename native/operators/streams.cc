// Source: torch/csrc/Stream.cpp, torch/csrc/Event.cpp.
#include "operators/streams.h"

#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>

#include "bindings/bindings.h"
#include "operators/cuda_driver.h"

namespace torch_losses {
namespace {

using c10::impl::VirtualGuardImpl;

int64_t device_type(const std::string& device) {
  return static_cast<int64_t>(c10::Device(device).type());
}

// --- streams: a device, by name, and a number; new ones as the number and the device's index -----

c10::Stream stream_of(const std::string& device, int64_t id) {
  return c10::Stream(c10::Stream::UNSAFE, c10::Device(device), id);
}

std::vector<int64_t> place_of(const c10::Stream& stream) {
  return {stream.id(), stream.device_index()};
}

// Without a number, on the current device of that type.
std::vector<int64_t> new_stream(const std::string& name, int64_t priority) {
  const c10::Device device(name);
  const c10::DeviceGuard guard(device);
  const VirtualGuardImpl impl(device.type());
  return place_of(impl.getNewStream(device, static_cast<int>(priority)));
}

std::vector<int64_t> current_stream(const std::string& name) {
  const c10::Device device(name);
  return place_of(VirtualGuardImpl(device.type()).getStream(device));
}

std::vector<int64_t> default_stream(const std::string& name) {
  const c10::Device device(name);
  return place_of(VirtualGuardImpl(device.type()).getDefaultStream(device));
}

// Makes the stream its device's current one, and its device the current one, as Python does.
void set_stream(const std::string& name, int64_t id) {
  const c10::Stream stream = stream_of(name, id);
  const VirtualGuardImpl impl(stream.device_type());
  if (impl.getDevice() != stream.device()) impl.setDevice(stream.device());
  impl.exchangeStream(stream);
}

bool query_stream(const std::string& device, int64_t id) { return stream_of(device, id).query(); }

void synchronize_stream(const std::string& device, int64_t id) {
  stream_of(device, id).synchronize();
}

int64_t stream_handle(const std::string& device, int64_t id) {
  return reinterpret_cast<int64_t>(stream_of(device, id).native_handle());
}

// Whether what it is given is recorded for later; libtorch can tell since 2.12.
bool is_capturing(const std::string& device, int64_t id) {
  return [](const auto& stream) {
    if constexpr (requires { stream.is_capturing(); }) {
      return stream.is_capturing();
    } else {
      return false;
    }
  }(stream_of(device, id));
}

// Of CUDA's.
int64_t stream_priority(const std::string& device, int64_t id) {
  const c10::Stream stream = stream_of(device, id);
  const c10::DeviceGuard guard(stream.device());
  return cuda_stream_priority(stream.native_handle());
}

// The least and the greatest priority of the current device's streams, as libtorch makes them.
std::vector<int64_t> stream_priority_range() {
  constexpr int kMostPriorities = 4;
  const auto [least, greatest] = cuda_stream_priority_range();
  return {least, std::max(greatest, 1 - kMostPriorities)};
}

void record_stream(const at::Tensor& tensor, const std::string& device, int64_t id) {
  tensor.record_stream(stream_of(device, id));
}

// --- events ------------------------------------------------------------------------------------

constexpr napi_type_tag kEventTag = {0x4c1f27a09be34d58ULL, 0xa6d0f35b817e42c9ULL};

// The event of an external value that `new_event` gave; it lives as long as that.
struct EventReference {
  c10::Event* event;
};

napi_value new_event(Environment& environment, const std::string& device, bool enable_timing) {
  napi_env env = environment.env();
  auto flag = enable_timing ? c10::EventFlag::BACKEND_DEFAULT : c10::EventFlag::PYTORCH_DEFAULT;
  auto event = std::make_unique<c10::Event>(c10::Device(device).type(), flag);
  napi_value external = nullptr;
  check(env, napi_create_external(
                 env, event.get(),
                 [](napi_env, void* data, void*) { delete static_cast<c10::Event*>(data); },
                 nullptr, &external));
  event.release();  // owned by the external value
  check(env, napi_type_tag_object(env, external, &kEventTag));
  return external;
}

std::string event_device(EventReference event) { return event.event->device().str(); }

int64_t event_id(EventReference event) { return reinterpret_cast<int64_t>(event.event->eventId()); }

void record_event(EventReference event, const std::string& device, int64_t id) {
  event.event->record(stream_of(device, id));
}

void wait_event(EventReference event, const std::string& device, int64_t id) {
  event.event->block(stream_of(device, id));
}

bool query_event(EventReference event) { return event.event->query(); }

void synchronize_event(EventReference event) { event.event->synchronize(); }

double elapsed_time(EventReference start, EventReference end) {
  return start.event->elapsedTime(*end.event);
}

}  // namespace

template <>
EventReference read(Environment& environment, napi_value value) {
  napi_env env = environment.env();
  napi_valuetype type = napi_undefined;
  check(env, napi_typeof(env, value, &type));
  bool is_ours = false;
  if (type == napi_external) {
    check(env, napi_check_object_type_tag(env, value, &kEventTag, &is_ours));
  }
  if (!is_ours) throw ArgumentMismatch{"an event"};
  void* data = nullptr;
  check(env, napi_get_value_external(env, value, &data));
  return {static_cast<c10::Event*>(data)};
}

void add_streams(Bindings& bindings) {
  bindings.add<&device_type>("device_type");
  bindings.add<&new_stream>("new_stream");
  bindings.add<&current_stream>("current_stream");
  bindings.add<&default_stream>("default_stream");
  bindings.add<&set_stream>("set_stream");
  bindings.add<&query_stream>("query_stream");
  bindings.add<&synchronize_stream>("synchronize_stream");
  bindings.add<&stream_handle>("stream_handle");
  bindings.add<&is_capturing>("is_capturing");
  bindings.add<&stream_priority>("stream_priority");
  bindings.add<&stream_priority_range>("stream_priority_range");
  bindings.add<&record_stream>("record_stream");
  bindings.add<&new_event>("new_event");
  bindings.add<&event_device>("event_device");
  bindings.add<&event_id>("event_id");
  bindings.add<&record_event>("record_event");
  bindings.add<&wait_event>("wait_event");
  bindings.add<&query_event>("query_event");
  bindings.add<&synchronize_event>("synchronize_event");
  bindings.add<&elapsed_time>("elapsed_time");
}

}  // namespace torch_losses
