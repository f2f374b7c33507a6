// JavaScript memory that the storages of tensors keep alive.
//
// A storage may be freed on any thread, autograd's or another environment's. A reference to a
// JavaScript value may be deleted only on its environment's thread. So the thread that frees the
// storage puts the reference into the environment's queue, and the environment deletes it later.
#pragma once

#include "bindings/node_api.h"

#include <c10/core/Allocator.h>

#include <memory>
#include <mutex>
#include <vector>

namespace torch_losses {

class ReferenceQueue {
 public:
  // Queues the reference for deletion. May be called on any thread.
  void release(napi_ref reference) {
    std::lock_guard lock(mutex_);
    if (open_) released_.push_back(reference);
  }

  // Deletes the queued references. Must be called on the environment's thread.
  void drain(napi_env env) {
    std::vector<napi_ref> released;
    {
      std::lock_guard lock(mutex_);
      released.swap(released_);
    }
    for (napi_ref reference : released) napi_delete_reference(env, reference);
  }

  // Deletes the queued references and ignores later ones. Must be called on the environment's
  // thread when the environment ends, which deletes its references itself.
  void close(napi_env env) {
    {
      std::lock_guard lock(mutex_);
      open_ = false;
    }
    drain(env);
  }

 private:
  std::mutex mutex_;
  std::vector<napi_ref> released_;
  bool open_ = true;
};

// The context of a storage over JavaScript memory: the reference that keeps that memory alive.
struct JavaScriptMemory {
  std::shared_ptr<ReferenceQueue> queue;
  napi_ref reference;

  // The storage's deleter.
  static void release(void* memory) {
    std::unique_ptr<JavaScriptMemory> owned(static_cast<JavaScriptMemory*>(memory));
    owned->queue->release(owned->reference);
  }
};

// Whether the data of a storage is JavaScript memory.
inline bool is_javascript_memory(const c10::DataPtr& data) {
  return data.get_deleter() == &JavaScriptMemory::release;
}

}  // namespace torch_losses
