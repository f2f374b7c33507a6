// Streams and events. Work on a stream is deferred until the host, or a kernel on that stream,
// waits for it. So missing synchronization is noticed.
#pragma once

#include <functional>

namespace simulated_cuda {

class Stream;
class Event;

Stream* create_stream(int device, int priority);
void destroy_stream(Stream* stream);
int priority_of(const Stream* stream);

// Returns the device's default stream if there is no stream.
Stream* stream_or_default(Stream* stream, int device);

void put_off(Stream* stream, std::function<void()> work);
void catch_up(Stream* stream);
void catch_up_all(int device);

// Returns whether all work is done. Runs the rest after that, as a device continues meanwhile.
bool is_done(Stream* stream);

Event* create_event(bool is_timed);
void destroy_event(Event* event);
void record(Event* event, Stream* stream);
void wait(Stream* stream, Event* event);
bool is_done(Event* event);
void catch_up(Event* event);
// Whether the event was recorded, and its time if it was.
bool has_time(const Event* event);
// Returns the seconds between the executions of two events.
double seconds_between(const Event* start, const Event* end);

}  // namespace simulated_cuda
