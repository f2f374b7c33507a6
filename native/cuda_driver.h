// What the CUDA driver knows of a device and libtorch's headers for CPU builds do not tell.
#pragma once

#include <c10/core/Device.h>

namespace torch_losses {

// The major number of a device's compute capability, torch.cuda.get_device_capability(device)[0];
// 0 where no driver is loaded.
int cuda_capability_major(c10::DeviceIndex device);

}  // namespace torch_losses
