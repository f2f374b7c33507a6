// Functions that libtorch's code for run-time compilation links to, and nothing here calls. They
// are in a file without cuda.h, because their declarations differ.
namespace {

constexpr int kNotSupported = 801;

}  // namespace

#define UNSUPPORTED(name) \
  extern "C" int name() { return kNotSupported; }

UNSUPPORTED(cuFuncGetAttribute)
UNSUPPORTED(cuFuncSetAttribute)
UNSUPPORTED(cuFuncSetCacheConfig)
UNSUPPORTED(cuLaunchCooperativeKernel)
UNSUPPORTED(cuLaunchKernel)
UNSUPPORTED(cuLinkAddData_v2)
UNSUPPORTED(cuLinkComplete)
UNSUPPORTED(cuLinkCreate_v2)
UNSUPPORTED(cuModuleGetFunction)
UNSUPPORTED(cuModuleLoad)
UNSUPPORTED(cuModuleLoadData)
UNSUPPORTED(cuModuleLoadDataEx)
UNSUPPORTED(cuModuleUnload)
UNSUPPORTED(cuOccupancyMaxActiveBlocksPerMultiprocessor)
UNSUPPORTED(cuPointerGetAttribute)
UNSUPPORTED(cuTensorMapEncodeTiled)
// Stands for a driver function that is looked up by name and is missing here.
UNSUPPORTED(simulated_cuda_unsupported)
