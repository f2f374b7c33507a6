// References to JavaScript values held by tensors' storages.
//
// A storage may be freed on any thread (autograd's, another environment's), and a reference may be
// deleted only on its own. So the last owner puts it into this queue, and its environment deletes
// what it finds there.
#pragma once

#include "bindings/node_api.h"

#include <c10/core/Allocator.h>

#include <memory>
#include <mutex>
#include <vector>

namespace torch_losses {

class ReferenceQueue {
 public:
  // Any thread.
  void release(napi_ref reference) {
    std::lock_guard lock(mutex_);
    if (open_) released_.push_back(reference);
  }

  // The environment's thread.
  void drain(napi_env env) {
    std::vector<napi_ref> released;
    {
      std::lock_guard lock(mutex_);
      released.swap(released_);
    }
    for (napi_ref reference : released) napi_delete_reference(env, reference);
  }

  // The environment's thread, at its end: later releases have nothing left to delete.
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

// What the data of a storage over JavaScript's memory keeps.
struct JavaScriptMemory {
  std::shared_ptr<ReferenceQueue> queue;
  napi_ref reference;

  static void release(void* memory) {
    std::unique_ptr<JavaScriptMemory> owned(static_cast<JavaScriptMemory*>(memory));
    owned->queue->release(owned->reference);
  }
};

inline bool is_javascript_memory(const c10::DataPtr& data) {
  return data.get_deleter() == &JavaScriptMemory::release;
}

}  // namespace torch_losses
