// The memory of simulated devices, and host memory that they can reach.
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

// Null where the device's memory is used up.
void* allocate(int device, size_t bytes);

// False where no allocation starts there.
bool release(void* pointer);

size_t total_memory();
size_t free_memory(int device);

void pin(void* pointer, size_t bytes);
// False where nothing pinned starts there.
bool unpin(void* pointer);

Location locate(const void* pointer);

// The same bytes where the host can read and write them; a pointer of the host's own stays.
void* host_view(const void* pointer);

}  // namespace simulated_cuda
