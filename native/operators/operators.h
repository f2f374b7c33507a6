// All operators of libtorch, found by name and called through the dispatcher with boxed arguments.
#pragma once

#include "bindings/node_api.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/function_schema.h>
#include <ATen/core/stack.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "operators/checks.h"

namespace torch_losses {

class Environment;

// The kinds of arguments and results in schemas. lib/bindings/native/operators.ts declares their
// names, which `kind_name` returns.
enum class Kind : uint8_t {
  Tensor,
  TensorList,
  OptionalTensorList,
  Int,
  Float,
  Bool,
  Scalar,
  Complex,
  String,
  Dtype,
  Layout,
  MemoryFormat,
  Device,
  Generator,
  IntList,
  FloatList,
  BoolList,
  ScalarList,
  StringList,
  TensorLists,
  ProcessGroup,
  GroupName,  // of a process group
  ReduceOp,
  Work,
  Unsupported,
};

struct Parameter {
  std::string name;
  Kind kind = Kind::Unsupported;
  bool optional = false;  // accepts None
  std::optional<c10::IValue> default_value;
  std::optional<int32_t> size;  // of `int[2]`, which accepts one number for all elements
  bool written = false;         // a `Tensor(a!)`, which the operator writes to
};

// One overload of an operator, with its schema in a form for fast conversion.
class BoundOperator {
 public:
  BoundOperator(const c10::FunctionSchema& schema, std::optional<c10::OperatorHandle> handle,
                std::function<void(torch::jit::Stack&)> jit);

  const c10::FunctionSchema& schema() const { return schema_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  // Whether the operator writes to one of its arguments.
  bool writes() const { return writes_; }
  // Whether the operator returns tensors and nothing else, or nothing.
  bool returns_tensors() const { return returns_tensors_; }
  // Whether it computes no tensor: its result is a view of an argument, or not a tensor.
  bool is_view() const { return is_view_; }
  // Replaces the arguments on the stack with the results.
  void call(torch::jit::Stack& stack) const;

 private:
  const c10::FunctionSchema& schema_;
  std::vector<Parameter> parameters_;
  std::optional<c10::OperatorHandle> handle_;
  // Whether it takes no tensor. Such a factory runs below the dispatch layers that count in-place
  // changes, so that its result has `_version` 0, as in Python.
  bool is_factory_ = true;
  bool writes_ = false;
  bool returns_tensors_ = true;
  bool is_view_ = false;
  OperatorCheck check_;
  // Set for the few operators that only TorchScript has, such as `aten::add.int`.
  std::function<void(torch::jit::Stack&)> jit_;
};

// The operators that one environment has looked up.
class OperatorTable {
 public:
  // Returns the overloads of `namespace::name`, in Python's order, as numbers for `at`; none if the
  // operator does not exist.
  const std::vector<uint32_t>& find(const std::string& name);
  const BoundOperator& at(uint32_t number) const;

  // Forgets the names that were not found, because a library has been loaded.
  void refresh();

 private:
  std::unordered_map<std::string, std::vector<uint32_t>> found_;
  // A deque, because jobs keep references to its elements.
  std::deque<BoundOperator> operators_;
};

}  // namespace torch_losses
