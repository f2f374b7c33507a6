// Streams and events. What is given to a stream is put off until somebody waits for it: the host,
// or a kernel on that stream. So work that should have been waited for, and was not, shows.
#pragma once

#include <functional>

namespace simulated_cuda {

class Stream;
class Event;

Stream* create_stream(int device, int priority);
void destroy_stream(Stream* stream);
int priority_of(const Stream* stream);

// A device's own stream where there is none.
Stream* stream_or_default(Stream* stream, int device);

void put_off(Stream* stream, std::function<void()> work);
void catch_up(Stream* stream);
void catch_up_all(int device);

// Whether everything is done; what is not is done after the answer, as a device goes on meanwhile.
bool is_done(Stream* stream);

Event* create_event(bool is_timed);
void destroy_event(Event* event);
void record(Event* event, Stream* stream);
void wait(Stream* stream, Event* event);
bool is_done(Event* event);
void catch_up(Event* event);
// Whether it was recorded, and its time with it.
bool has_time(const Event* event);
// Seconds from the doing of one to that of the other.
double seconds_between(const Event* start, const Event* end);

}  // namespace simulated_cuda
