#include "streams.h"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>

namespace simulated_cuda {

using Clock = std::chrono::steady_clock;

// The state of an event when it was last recorded. Streams that wait for it keep it alive.
struct Mark {
  bool is_done = false;
  Clock::time_point when;
  Stream* stream;
};

class Stream {
 public:
  Stream(int device, int priority) : device(device), priority(priority) {}
  const int device;
  const int priority;
  std::deque<std::function<void()>> work;
};

class Event {
 public:
  explicit Event(bool is_timed) : is_timed(is_timed) {}
  const bool is_timed;
  std::shared_ptr<Mark> mark;
};

namespace {

struct State {
  std::recursive_mutex mutex;  // work may wait for other streams
  std::set<Stream*> streams;
  std::map<int, Stream*> defaults;
};

State& state() {
  static State* instance = new State;
  return *instance;
}

using Lock = std::lock_guard<std::recursive_mutex>;

void do_next(Stream* stream) {
  const std::function<void()> next = std::move(stream->work.front());
  stream->work.pop_front();
  next();
}

void reach(Mark& mark) {
  while (!mark.is_done && !mark.stream->work.empty()) do_next(mark.stream);
}

}  // namespace

Stream* create_stream(int device, int priority) {
  const Lock lock(state().mutex);
  auto* stream = new Stream(device, priority);
  state().streams.insert(stream);
  return stream;
}

void destroy_stream(Stream* stream) {
  const Lock lock(state().mutex);
  catch_up(stream);
  state().streams.erase(stream);
  delete stream;
}

int priority_of(const Stream* stream) { return stream->priority; }

Stream* stream_or_default(Stream* stream, int device) {
  if (stream != nullptr) return stream;
  const Lock lock(state().mutex);
  Stream*& own = state().defaults[device];
  if (own == nullptr) own = create_stream(device, 0);
  return own;
}

void put_off(Stream* stream, std::function<void()> work) {
  const Lock lock(state().mutex);
  stream->work.push_back(std::move(work));
}

void catch_up(Stream* stream) {
  const Lock lock(state().mutex);
  while (!stream->work.empty()) do_next(stream);
}

void catch_up_all(int device) {
  const Lock lock(state().mutex);
  for (Stream* stream : state().streams) {
    if (stream->device == device) catch_up(stream);
  }
}

bool is_done(Stream* stream) {
  const Lock lock(state().mutex);
  const bool done = stream->work.empty();
  catch_up(stream);
  return done;
}

Event* create_event(bool is_timed) { return new Event(is_timed); }

void destroy_event(Event* event) { delete event; }

void record(Event* event, Stream* stream) {
  const Lock lock(state().mutex);
  auto mark = std::make_shared<Mark>();
  mark->stream = stream;
  event->mark = mark;
  put_off(stream, [mark] {
    mark->is_done = true;
    mark->when = Clock::now();
  });
}

void wait(Stream* stream, Event* event) {
  const Lock lock(state().mutex);
  if (event->mark) put_off(stream, [mark = event->mark] { reach(*mark); });
}

bool is_done(Event* event) {
  const Lock lock(state().mutex);
  const bool done = !event->mark || event->mark->is_done;
  catch_up(event);
  return done;
}

void catch_up(Event* event) {
  const Lock lock(state().mutex);
  if (event->mark) reach(*event->mark);
}

bool has_time(const Event* event) {
  const Lock lock(state().mutex);
  return event->is_timed && event->mark != nullptr;
}

double seconds_between(const Event* start, const Event* end) {
  const Lock lock(state().mutex);
  return std::chrono::duration<double>(end->mark->when - start->mark->when).count();
}

}  // namespace simulated_cuda
