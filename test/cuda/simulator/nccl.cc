// NCCL for a group of one process, whose collectives copy what is sent to where it is received.
#include <cuda_runtime_api.h>

// nccl.h includes the headers of numbers with few bits, which it does not use, and which need more
// than torch's wheels contain. They think that they have been included.
#define __CUDA_FP16_H__
#define __CUDA_BF16_H__
#define __CUDA_FP8_H__
#include <nccl.h>

#include <cstdlib>
#include <cstring>

struct ncclComm {
  int device;
};

namespace {

// As that of ncclGetVersion in nccl.h.
constexpr int kVersion = NCCL_VERSION_CODE;

size_t size_of(ncclDataType_t type) {
  switch (type) {
    case ncclInt8:
    case ncclUint8:
    case ncclFloat8e4m3:
    case ncclFloat8e5m2: return 1;
    case ncclFloat16:
    case ncclBfloat16: return 2;
    case ncclInt32:
    case ncclUint32:
    case ncclFloat32: return 4;
    default: return 8;
  }
}

ncclResult_t copy(const void* from, void* to, size_t count, ncclDataType_t type,
                  cudaStream_t stream) {
  if (from == to) return ncclSuccess;
  const cudaError_t error =
      cudaMemcpyAsync(to, from, count * size_of(type), cudaMemcpyDeviceToDevice, stream);
  return error == cudaSuccess ? ncclSuccess : ncclUnhandledCudaError;
}

ncclResult_t create(ncclComm_t* comm, int size, int rank) {
  if (size != 1 || rank != 0) return ncclInvalidArgument;
  *comm = new ncclComm;
  return cudaGetDevice(&(*comm)->device) == cudaSuccess ? ncclSuccess : ncclUnhandledCudaError;
}

ncclResult_t destroy(ncclComm_t comm) {
  delete comm;
  return ncclSuccess;
}

}  // namespace

extern "C" {

ncclResult_t ncclGetVersion(int* version) {
  *version = kVersion;
  return ncclSuccess;
}

const char* ncclGetErrorString(ncclResult_t result) {
  return result == ncclSuccess ? "no error" : "an error of the simulated NCCL";
}
const char* ncclGetLastError(ncclComm_t) { return ""; }

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  std::memset(id, 0, sizeof *id);
  return ncclSuccess;
}

ncclResult_t ncclCommInitRank(ncclComm_t* comm, int size, ncclUniqueId, int rank) {
  return create(comm, size, rank);
}
ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int size, ncclUniqueId, int rank,
                                    ncclConfig_t*) {
  return create(comm, size, rank);
}
ncclResult_t ncclCommInitRankScalable(ncclComm_t* comm, int size, int rank, int, ncclUniqueId*,
                                      ncclConfig_t*) {
  return create(comm, size, rank);
}
ncclResult_t ncclCommSplit(ncclComm_t, int color, int, ncclComm_t* made, ncclConfig_t*) {
  if (color != NCCL_SPLIT_NOCOLOR) return create(made, 1, 0);
  *made = nullptr;
  return ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t) { return ncclSuccess; }
ncclResult_t ncclCommDestroy(ncclComm_t comm) { return destroy(comm); }
ncclResult_t ncclCommAbort(ncclComm_t comm) { return destroy(comm); }
ncclResult_t ncclCommGetAsyncError(ncclComm_t, ncclResult_t* error) {
  *error = ncclSuccess;
  return ncclSuccess;
}
ncclResult_t ncclCommCount(ncclComm_t, int* count) {
  *count = 1;
  return ncclSuccess;
}
ncclResult_t ncclCommUserRank(ncclComm_t, int* rank) {
  *rank = 0;
  return ncclSuccess;
}
ncclResult_t ncclCommCuDevice(ncclComm_t comm, int* device) {
  *device = comm->device;
  return ncclSuccess;
}

ncclResult_t ncclGroupStart() { return ncclSuccess; }
ncclResult_t ncclGroupEnd() { return ncclSuccess; }

ncclResult_t ncclAllReduce(const void* from, void* to, size_t count, ncclDataType_t type,
                           ncclRedOp_t, ncclComm_t, cudaStream_t stream) {
  return copy(from, to, count, type, stream);
}
ncclResult_t ncclReduce(const void* from, void* to, size_t count, ncclDataType_t type, ncclRedOp_t,
                        int, ncclComm_t, cudaStream_t stream) {
  return copy(from, to, count, type, stream);
}
ncclResult_t ncclReduceScatter(const void* from, void* to, size_t count, ncclDataType_t type,
                               ncclRedOp_t, ncclComm_t, cudaStream_t stream) {
  return copy(from, to, count, type, stream);
}
ncclResult_t ncclBroadcast(const void* from, void* to, size_t count, ncclDataType_t type, int,
                           ncclComm_t, cudaStream_t stream) {
  return copy(from, to, count, type, stream);
}
ncclResult_t ncclBcast(void*, size_t, ncclDataType_t, int, ncclComm_t, cudaStream_t) {
  return ncclSuccess;
}
ncclResult_t ncclAllGather(const void* from, void* to, size_t count, ncclDataType_t type,
                           ncclComm_t, cudaStream_t stream) {
  return copy(from, to, count, type, stream);
}
ncclResult_t ncclAlltoAll(const void* from, void* to, size_t count, ncclDataType_t type, ncclComm_t,
                          cudaStream_t stream) {
  return copy(from, to, count, type, stream);
}
}
