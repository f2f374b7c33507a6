// The memory that is in use off the environment's thread: by jobs, and by collectives.
//
// A claim says which memory one job or collective uses, from its submission until it is done. A job
// or collective runs when no earlier claim conflicts with its own. Claims are ordered by their
// submission and wait for earlier ones only, so that they never wait for each other.
//
// Threads that outlive the environment use this object, so it is shared.
#pragma once

#include <ATen/core/Tensor.h>

#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace torch_losses {

// Returns the key of a tensor's memory: its storage, which views share.
const void* memory_of(const at::Tensor& tensor);

class MemoryUse {
 public:
  struct Claim {
    // Add tensors. Keep what identifies their memory, because a job may give a tensor another one.
    // What is written must be added as used, too.
    void use(const std::vector<at::Tensor>& tensors);
    void write(const std::vector<at::Tensor>& tensors);

    // Add the gradient of a leaf: which tensor it is, not its elements.
    void use_gradient(const at::Tensor& leaf) {
      used.push_back({leaf.unsafeGetTensorImpl(), 0, 0});
    }
    void write_gradient(const at::Tensor& leaf) {
      use_gradient(leaf);
      written.push_back(used.back());
    }

    // Whether it belongs to a collective. Two of them conflict only if their bytes overlap: ranks
    // send one part of a buffer while they receive another.
    bool is_collective = false;
    // Whether it belongs to one rank's message to another. It may not wait for another message,
    // since the ranks could then wait for each other.
    bool is_message = false;
    // Whether it is a backward pass, which may read and change any tensor.
    bool uses_everything = false;
    // Whether it is a backward pass that waits for a communication hook in JavaScript, which runs
    // from the event loop. And whether it belongs to a collective of such a hook, which does not
    // wait for the pass.
    bool awaits_javascript = false;
    bool is_awaited = false;

    struct Piece {
      const void* memory;
      // The bytes, from the start of the memory.
      int64_t begin;
      int64_t end;
    };
    std::vector<Piece> used;  // includes what is written
    std::vector<Piece> written;
    uint64_t order = 0;  // set by `add`
  };

  // All need `mutex`.
  void add(Claim& claim);
  void remove(const Claim& claim);
  bool is_used(const void* memory) const { return everything_ != 0 || users_.contains(memory); }
  bool is_written(const void* memory) const { return writers_.contains(memory); }
  bool has_writers() const { return everything_ != 0 || !writers_.empty(); }
  // Whether something waits for the event loop.
  bool awaits_javascript() const { return awaiting_javascript_ != 0; }
  // Whether a claim that was added earlier conflicts.
  bool must_wait(const Claim& claim) const;
  // Whether a collective that is not done conflicts, and one of the two is a message.
  bool conflicts_with_message(const Claim& claim) const;

  std::mutex mutex;
  // Notified when a claim is removed, and when `closed` is set.
  std::condition_variable changed;
  // Whether the environment has ended.
  bool closed = false;

 private:
  std::list<const Claim*> claims_;  // in their order
  uint64_t last_order_ = 0;
  // For each piece of memory the number of claims that use it, and that write to it.
  std::unordered_map<const void*, int> users_;
  std::unordered_map<const void*, int> writers_;
  int everything_ = 0;  // the number of claims that use everything
  int awaiting_javascript_ = 0;
};

}  // namespace torch_losses
