#include "cuda_events.h"

#include <c10/core/Event.h>

#include "binding.h"

namespace torch_losses {
namespace {

constexpr napi_type_tag kEventTag = {0x4c1f27a09be34d58ULL, 0xa6d0f35b817e42c9ULL};

// The event of an external value that `cuda_new_event` gave; it lives as long as that.
struct EventReference {
  c10::Event* event;
};

c10::Stream stream_of(int64_t id, int64_t index) {
  const c10::Device device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
  return c10::Stream(c10::Stream::UNSAFE, device, id);
}

napi_value cuda_new_event(Environment& environment, bool enable_timing) {
  napi_env env = environment.env();
  auto flag = enable_timing ? c10::EventFlag::BACKEND_DEFAULT : c10::EventFlag::PYTORCH_DEFAULT;
  auto event = std::make_unique<c10::Event>(c10::kCUDA, flag);
  napi_value external = nullptr;
  check(env, napi_create_external(
                 env, event.get(),
                 [](napi_env, void* data, void*) { delete static_cast<c10::Event*>(data); },
                 nullptr, &external));
  event.release();  // owned by the external value
  check(env, napi_type_tag_object(env, external, &kEventTag));
  return external;
}

void cuda_record_event(EventReference event, int64_t stream, int64_t index) {
  event.event->record(stream_of(stream, index));
}

void cuda_wait_event(EventReference event, int64_t stream, int64_t index) {
  event.event->block(stream_of(stream, index));
}

bool cuda_query_event(EventReference event) { return event.event->query(); }

void cuda_synchronize_event(EventReference event) { event.event->synchronize(); }

double cuda_elapsed_time(EventReference start, EventReference end) {
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
  if (!is_ours) throw ArgumentMismatch{"a CUDA event"};
  void* data = nullptr;
  check(env, napi_get_value_external(env, value, &data));
  return {static_cast<c10::Event*>(data)};
}

void add_cuda_events(Bindings& bindings) {
  bindings.add<&cuda_new_event>("cuda_new_event");
  bindings.add<&cuda_record_event>("cuda_record_event");
  bindings.add<&cuda_wait_event>("cuda_wait_event");
  bindings.add<&cuda_query_event>("cuda_query_event");
  bindings.add<&cuda_synchronize_event>("cuda_synchronize_event");
  bindings.add<&cuda_elapsed_time>("cuda_elapsed_time");
}

}  // namespace torch_losses
