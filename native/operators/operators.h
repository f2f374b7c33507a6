// Every operator libtorch has, by name, called through the dispatcher with boxed arguments.
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

// What a schema's type asks of a JavaScript value; lib/dispatch/ops.ts knows them by these names
// (see `kind_name`).
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
  Unsupported,
};

struct Parameter {
  std::string name;
  Kind kind = Kind::Unsupported;
  bool optional = false;  // None is allowed
  std::optional<c10::IValue> default_value;
  std::optional<int32_t> size;  // `int[2]`: one number stands for so many
  bool written = false;         // `Tensor(a!)`
};

// One overload of an operator, with its schema compiled for fast conversion.
class BoundOperator {
 public:
  BoundOperator(const c10::FunctionSchema& schema, std::optional<c10::OperatorHandle> handle,
                std::function<void(torch::jit::Stack&)> jit);

  const c10::FunctionSchema& schema() const { return schema_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  // Whether it writes to one of its arguments.
  bool writes() const { return writes_; }
  void call(torch::jit::Stack& stack) const;

 private:
  const c10::FunctionSchema& schema_;
  std::vector<Parameter> parameters_;
  std::optional<c10::OperatorHandle> handle_;
  // Takes no tensor: as Python's factories, it runs below the layers that count changes, and its
  // result is unchanged (`_version` 0).
  bool is_factory_ = true;
  bool writes_ = false;
  OperatorCheck check_;
  // For the few operators that only TorchScript has (`aten::add.int`).
  std::function<void(torch::jit::Stack&)> jit_;
};

class OperatorTable {
 public:
  // The overloads of `namespace::name`, in Python's order: numbers for `at`. Empty where there is
  // no such operator.
  const std::vector<uint32_t>& find(const std::string& name);
  const BoundOperator& at(uint32_t number) const;

  // Forgets what was looked up and not found: a library was loaded.
  void refresh();

 private:
  std::unordered_map<std::string, std::vector<uint32_t>> found_;
  // A deque: jobs keep references.
  std::deque<BoundOperator> operators_;
};

class Bindings;
void add_operators(Bindings& bindings);

}  // namespace torch_losses
