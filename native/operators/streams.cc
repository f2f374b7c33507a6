// Streams, which are sequences of work of a device, and events, which mark points in them.
// JavaScript identifies a stream by its device's name and its id. Source: torch/csrc/Stream.cpp and
// torch/csrc/Event.cpp.
#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>

#include "bindings/bindings.h"
#include "bindings/externals.h"
#include "operators/cuda_driver.h"

namespace torch_losses {
namespace {

using c10::impl::VirtualGuardImpl;

// --- streams -------------------------------------------------------------------------------------

c10::Stream stream_of(const std::string& device, int64_t id) {
  return c10::Stream(c10::Stream::UNSAFE, c10::Device(device), id);
}

// Returns what identifies a stream in JavaScript: its id, and the index of its device.
std::vector<int64_t> identify(const c10::Stream& stream) {
  return {stream.id(), stream.device_index()};
}

// Creates a stream. A device name without an index means the current device of its type.
std::vector<int64_t> new_stream(const std::string& name, int64_t priority) {
  const c10::Device device(name);
  const c10::DeviceGuard guard(device);
  const VirtualGuardImpl impl(device.type());
  return identify(impl.getNewStream(device, static_cast<int>(priority)));
}

std::vector<int64_t> current_stream(const std::string& name) {
  const c10::Device device(name);
  return identify(VirtualGuardImpl(device.type()).getStream(device));
}

std::vector<int64_t> default_stream(const std::string& name) {
  const c10::Device device(name);
  return identify(VirtualGuardImpl(device.type()).getDefaultStream(device));
}

// Makes the stream current on its device, and its device the current device, as Python does.
void set_stream(const std::string& name, int64_t id) {
  const c10::Stream stream = stream_of(name, id);
  const VirtualGuardImpl impl(stream.device_type());
  if (impl.getDevice() != stream.device()) impl.setDevice(stream.device());
  impl.exchangeStream(stream);
}

// Whether a graph capture records the stream's work. Always false before libtorch 2.12, which
// cannot tell.
bool is_capturing(const std::string& device, int64_t id) {
  return [](const auto& stream) {
    if constexpr (requires { stream.is_capturing(); }) {
      return stream.is_capturing();
    } else {
      return false;
    }
  }(stream_of(device, id));
}

// Returns the priority of a CUDA stream.
int64_t stream_priority(const std::string& device, int64_t id) {
  const c10::Stream stream = stream_of(device, id);
  const c10::DeviceGuard guard(stream.device());
  return cuda_stream_priority(stream.native_handle());
}

// Returns the least and the greatest priority of libtorch's streams on the current device.
std::vector<int64_t> stream_priority_range() {
  constexpr int kMaxPriorities = 4;
  const auto [least, greatest] = cuda_stream_priority_range();
  return {least, std::max(greatest, 1 - kMaxPriorities)};
}

// --- events --------------------------------------------------------------------------------------

constexpr ExternalType kEvent = {{0x4c1f27a09be34d58ULL, 0xa6d0f35b817e42c9ULL}, "an event"};

napi_value new_event(Environment& environment, const std::string& device, bool enable_timing) {
  auto flag = enable_timing ? c10::EventFlag::BACKEND_DEFAULT : c10::EventFlag::PYTORCH_DEFAULT;
  return new_external(environment, kEvent,
                      std::make_unique<c10::Event>(c10::Device(device).type(), flag));
}

}  // namespace

template <>
c10::Event* read(Environment& environment, napi_value value) {
  return read_external<c10::Event>(environment, kEvent, value);
}

void add_streams(Bindings& bindings) {
  bindings.add("device_type", [](const std::string& device) {
    return static_cast<int64_t>(c10::Device(device).type());
  });
  bindings.add<&new_stream>("new_stream");
  bindings.add<&current_stream>("current_stream");
  bindings.add<&default_stream>("default_stream");
  bindings.add<&set_stream>("set_stream");
  bindings.add("query_stream",
               [](const std::string& device, int64_t id) { return stream_of(device, id).query(); });
  bindings.add("synchronize_stream",
               [](const std::string& device, int64_t id) { stream_of(device, id).synchronize(); });
  bindings.add("stream_handle", [](const std::string& device, int64_t id) {
    return reinterpret_cast<int64_t>(stream_of(device, id).native_handle());
  });
  bindings.add<&is_capturing>("is_capturing");
  bindings.add<&stream_priority>("stream_priority");
  bindings.add<&stream_priority_range>("stream_priority_range");
  bindings.add("record_stream", [](const at::Tensor& tensor, const std::string& device,
                                   int64_t id) { tensor.record_stream(stream_of(device, id)); });
  bindings.add<&new_event>("new_event");
  bindings.add("event_device", [](c10::Event* event) { return event->device(); });
  bindings.add("event_id",
               [](c10::Event* event) { return reinterpret_cast<int64_t>(event->eventId()); });
  bindings.add("record_event", [](c10::Event* event, const std::string& device, int64_t id) {
    event->record(stream_of(device, id));
  });
  bindings.add("wait_event", [](c10::Event* event, const std::string& device, int64_t id) {
    event->block(stream_of(device, id));
  });
  bindings.add("query_event", [](c10::Event* event) { return event->query(); });
  bindings.add("synchronize_event", [](c10::Event* event) { event->synchronize(); });
  // Returns milliseconds.
  bindings.add("elapsed_time",
               [](c10::Event* start, c10::Event* end) { return start->elapsedTime(*end); });
}

}  // namespace torch_losses
