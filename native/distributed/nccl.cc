// The header of ProcessGroupNCCL needs those of CUDA and NCCL, and its symbols are in
// libtorch_cuda, to which the addon is not linked. So its functions are looked up in the
// libtorch_cuda of this process. The constructors get memory that is larger than the objects; then
// these are used through their base classes, which this libtorch's headers declare.
//
// Source: torch/distributed/distributed_c10d.py (_create_nccl_process_group),
// torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp.
#include "distributed/nccl.h"

#include <dlfcn.h>

#include <bit>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace torch_losses::distributed {
namespace {

using Options = c10d::Backend::Options;
using OptionsPointer = c10::intrusive_ptr<Options>;

// The objects of libtorch 2.14.1 have 280 and 1,184 bytes.
constexpr size_t kOptionsMemory = 8 * 1024;
constexpr size_t kGroupMemory = 64 * 1024;

// Functions of ProcessGroupNCCL. test/distributed/symbols.test.ts looks for their names.
struct Functions {
  void (*make_options)(void* memory, bool is_high_priority_stream);
  // Parameters of a class are passed by address, whatever they point to.
  void (*make_group)(void* memory, StorePointer store, int rank, int size, OptionsPointer options);
  void (*split_without_member)(c10d::Backend* self, at::Device device);
};

template <typename Function>
void find(void* library, Function*& function, const char* name) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  TORCH_CHECK(function != nullptr, "NCCL cannot be used with this libtorch: libtorch_cuda has no ",
              name);
}

const Functions& functions() {
  static const Functions found = [] {
    // The loader opens it where there is a CUDA driver.
    void* library = dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_NOLOAD);
    TORCH_CHECK_VALUE(library != nullptr,
                      "ProcessGroupNCCL is only supported with GPUs, no GPUs found!");
    Functions names{};
    find(library, names.make_options, "_ZN4c10d16ProcessGroupNCCL7OptionsC1Eb");
    find(library, names.make_group,
         "_ZN4c10d16ProcessGroupNCCLC1EN3c1013intrusive_ptrINS_5StoreENS1_6detail34intrusive_"
         "target_default_null_typeIS3_EEEEiiNS2_INS0_7OptionsENS5_IS8_EEEE");
    find(library, names.split_without_member,
         "_ZN4c10d16ProcessGroupNCCL19performNocolorSplitEN3c106DeviceE");
    return names;
  }();
  return found;
}

// Constructs an object in zeroed memory of its own, and returns its only reference.
template <typename Object, typename Construct>
c10::intrusive_ptr<Object> make_in(size_t size, const Construct& construct) {
  void* memory = ::operator new(size);
  std::memset(memory, 0, size);
  try {
    construct(memory);
  } catch (...) {
    ::operator delete(memory);
    throw;
  }
  return c10::intrusive_ptr<Object>::unsafe_steal_from_new(static_cast<Object*>(memory));
}

// Sets `split_from` and `split_color`. Before them is NCCL's own struct, whose size depends on its
// version, so they are found by what the constructor sets: no pointer, then a color that no other
// field equals.
void set_split(Options& options, const Split& split) {
  constexpr int kNoColorYet = -2;
  auto* const begin = reinterpret_cast<char*>(&options);
  char* found = nullptr;
  for (size_t offset = sizeof(Options); offset + sizeof(int) <= kOptionsMemory; offset += 8) {
    int value = 0;
    std::memcpy(&value, begin + offset, sizeof value);
    if (value != kNoColorYet) continue;
    TORCH_CHECK(found == nullptr, "NCCL's options of this libtorch are not known");
    found = begin + offset;
  }
  BackendPointer* from = nullptr;
  if (found != nullptr) from = reinterpret_cast<BackendPointer*>(found) - 1;
  TORCH_CHECK(from != nullptr && !from->defined(), "NCCL's options of this libtorch are not known");
  *from = split.from;
  std::memcpy(found, &split.color, sizeof split.color);
}

OptionsPointer make_options(const NcclOptions& wanted) {
  auto options = make_in<Options>(kOptionsMemory,
                                  [](void* memory) { functions().make_options(memory, false); });
  // What the constructor has set shows that the base class lies where its header says.
  TORCH_CHECK(options->backend == "nccl" && options->timeout == std::chrono::minutes(10) &&
                  options->group_name.empty() && options->global_ranks_in_group.empty(),
              "NCCL's options of this libtorch are not known");
  options->timeout = wanted.timeout;
  options->group_name = wanted.group_name;
  options->global_ranks_in_group.assign(wanted.ranks.begin(), wanted.ranks.end());
  if (wanted.split) set_split(*options, *wanted.split);
  return options;
}

}  // namespace

// Source: torch/distributed/distributed_c10d.py (_process_group_color): CPython's hash of a tuple
// of integers, which is xxHash's.
int split_color(const std::vector<int64_t>& ranks) {
  constexpr uint64_t kFirst = 11400714785074694791ULL;
  constexpr uint64_t kSecond = 14029467366897019727ULL;
  constexpr uint64_t kFifth = 2870177450012600261ULL;
  uint64_t hash = kFifth;
  for (const int64_t rank : ranks) {
    hash = std::rotl(hash + static_cast<uint64_t>(rank) * kSecond, 31) * kFirst;
  }
  hash += ranks.size() ^ (kFifth ^ 3527539ULL);
  const bool is_negative = hash >> 63 != 0;
  return static_cast<int>((is_negative ? 0 - hash : hash) % (1ULL << 31));
}

BackendPointer make_nccl(const StorePointer& store, int rank, int size, const NcclOptions& wanted) {
  const OptionsPointer options = make_options(wanted);
  return make_in<c10d::Backend>(kGroupMemory, [&](void* memory) {
    functions().make_group(memory, store, rank, size, options);
  });
}

void split_without_member(const BackendPointer& backend, at::Device device) {
  functions().split_without_member(backend.get(), device);
}

}  // namespace torch_losses::distributed
