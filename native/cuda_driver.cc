#include "cuda_driver.h"

#include <dlfcn.h>

namespace torch_losses {
namespace {

// Of cuda.h, which is not needed to build the addon: its ABI is stable.
constexpr int kSuccess = 0;
constexpr int kComputeCapabilityMajor = 75;
using GetDevice = int(int* device, int ordinal);
using GetAttribute = int(int* value, int attribute, int device);

}  // namespace

int cuda_capability_major(c10::DeviceIndex index) {
  // libtorch has loaded it where there is a device; it stays loaded.
  void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
  if (driver == nullptr) return 0;
  auto* get_device = reinterpret_cast<GetDevice*>(dlsym(driver, "cuDeviceGet"));
  auto* get_attribute = reinterpret_cast<GetAttribute*>(dlsym(driver, "cuDeviceGetAttribute"));
  int device = 0;
  int major = 0;
  const bool found = get_device != nullptr && get_attribute != nullptr &&
                     get_device(&device, index) == kSuccess &&
                     get_attribute(&major, kComputeCapabilityMajor, device) == kSuccess;
  dlclose(driver);
  return found ? major : 0;
}

}  // namespace torch_losses
