// The memory of simulated devices, and host memory that they can access.
#pragma once

#include <cstddef>
#include <optional>

namespace simulated_cuda {

enum class Place { kElsewhere, kPinned, kDevice };

struct Location {
  Place place;
  int device;
};

int device_count();

// Returns null if the device has no memory left.
void* allocate(int device, size_t bytes);

// Returns false if no allocation starts there.
bool release(void* pointer);

size_t total_memory();
size_t free_memory(int device);

void pin(void* pointer, size_t bytes);
// Returns false if no pinned memory starts there.
bool unpin(void* pointer);

Location locate(const void* pointer);

// Returns a pointer to the same bytes that the host can use. A pointer to the host's own memory is
// returned unchanged.
void* host_view(const void* pointer);

}  // namespace simulated_cuda
