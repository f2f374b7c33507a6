// Source of the order of overloads, and of the operators that accept numbers as tensors:
// torch/csrc/jit/python/init.cpp (_jit_get_operation) and torch/csrc/utils/python_arg_parser.cpp.
#include "operators/operators.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/jit_type.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <set>
#include <unordered_set>

#include "bindings/bindings.h"

namespace torch_losses {
namespace {

using c10::TypeKind;
using torch::jit::Stack;

// --- schemas -------------------------------------------------------------------------------------

Kind list_kind(const c10::Type& element) {
  switch (element.kind()) {
    case TypeKind::TensorType: return Kind::TensorList;
    case TypeKind::OptionalType:
      return element.containedType(0)->kind() == TypeKind::TensorType ? Kind::OptionalTensorList
                                                                      : Kind::Unsupported;
    case TypeKind::IntType:
    case TypeKind::SymIntType: return Kind::IntList;
    case TypeKind::FloatType: return Kind::FloatList;
    case TypeKind::BoolType: return Kind::BoolList;
    case TypeKind::NumberType: return Kind::ScalarList;
    case TypeKind::StringType: return Kind::StringList;
    case TypeKind::ListType:
      return element.containedType(0)->kind() == TypeKind::TensorType ? Kind::TensorLists
                                                                      : Kind::Unsupported;
    default: return Kind::Unsupported;
  }
}

// The classes of torch.distributed.
Kind class_kind(const c10::Type& type) {
  const std::string name = type.annotation_str();
  if (name == "__torch__.torch.classes.c10d.ProcessGroup") return Kind::ProcessGroup;
  if (name == "__torch__.torch.classes.c10d.ReduceOp") return Kind::ReduceOp;
  if (name == "__torch__.torch.classes.c10d.Work") return Kind::Work;
  return Kind::Unsupported;
}

Kind kind_of(const c10::Type& type) {
  switch (type.kind()) {
    case TypeKind::TensorType: return Kind::Tensor;
    case TypeKind::IntType:
    case TypeKind::SymIntType: return Kind::Int;
    case TypeKind::FloatType:
    case TypeKind::SymFloatType: return Kind::Float;
    case TypeKind::BoolType:
    case TypeKind::SymBoolType: return Kind::Bool;
    case TypeKind::NumberType: return Kind::Scalar;
    case TypeKind::ComplexType: return Kind::Complex;
    case TypeKind::StringType: return Kind::String;
    case TypeKind::ScalarTypeType: return Kind::Dtype;
    case TypeKind::LayoutType: return Kind::Layout;
    case TypeKind::MemoryFormatType: return Kind::MemoryFormat;
    case TypeKind::DeviceObjType: return Kind::Device;
    case TypeKind::GeneratorType: return Kind::Generator;
    case TypeKind::ListType: return list_kind(*type.containedType(0));
    case TypeKind::ClassType: return class_kind(type);
    default: return Kind::Unsupported;
  }
}

const char* kind_name(Kind kind) {
  constexpr std::array<const char*, 25> kNames = {
      "Tensor",       "Tensor[]",      "Tensor?[]", "int",       "float",
      "bool",         "Scalar",        "complex",   "str",       "dtype",
      "layout",       "memory_format", "Device",    "Generator", "int[]",
      "float[]",      "bool[]",        "Scalar[]",  "str[]",     "Tensor[][]",
      "ProcessGroup", "group",         "ReduceOp",  "Work",      "unsupported"};
  static_assert(kNames.size() == static_cast<size_t>(Kind::Unsupported) + 1);
  return kNames[static_cast<size_t>(kind)];
}

Parameter compile(const c10::Argument& argument) {
  Parameter parameter;
  parameter.name = argument.name();
  const c10::Type* type = argument.real_type().get();
  if (type->kind() == TypeKind::OptionalType) {
    parameter.optional = true;
    type = type->containedType(0).get();
  }
  parameter.kind = kind_of(*type);
  const bool is_any = type->kind() == TypeKind::AnyType;
  if (is_any && parameter.name == "group_name") parameter.kind = Kind::GroupName;
  parameter.default_value = argument.default_value();
  parameter.size = argument.N();
  parameter.written = argument.alias_info() != nullptr && argument.alias_info()->isWrite();
  return parameter;
}

// Whether Python accepts a number as a tensor: its should_allow_numbers_as_tensors.
bool takes_numbers_as_tensors(const std::string& name) {
  static const std::unordered_set<std::string> kNames = {
      "aten::add",          "aten::add_",          "aten::div",         "aten::div_",
      "aten::divide",       "aten::divide_",       "aten::mul",         "aten::mul_",
      "aten::multiply",     "aten::multiply_",     "aten::sub",         "aten::sub_",
      "aten::subtract",     "aten::subtract_",     "aten::true_divide", "aten::true_divide_",
      "aten::floor_divide", "aten::floor_divide_", "aten::to",          "aten::_to_copy",
      "aten::copy_",        "aten::copy",          "aten::_conj"};
  return kNames.contains(name);
}

bool is_tensor(const c10::Argument& argument) {
  const Kind kind = kind_of(*argument.type());
  return kind == Kind::Tensor || kind == Kind::TensorList;
}

// Whether the result of an operator is always a view of an argument.
bool returns_view(const c10::FunctionSchema& schema) {
  // Their result is a view only if that is possible.
  static const std::unordered_set<std::string> kMayCopy = {
      "aten::contiguous", "aten::flatten", "aten::reshape", "aten::reshape_as", "aten::to"};
  const auto& returns = schema.returns();
  const auto* alias = returns.size() == 1 ? returns[0].alias_info() : nullptr;
  return alias != nullptr && !alias->isWrite() && !kMayCopy.contains(schema.name());
}

// --- descriptions --------------------------------------------------------------------------------

napi_value describe(Environment& environment, const std::vector<c10::Argument>& arguments) {
  std::vector<napi_value> descriptions;
  for (const c10::Argument& argument : arguments) {
    const Parameter parameter = compile(argument);
    napi_value object = new_object(environment);
    set_property(environment, object, "name", parameter.name);
    set_property(environment, object, "kind", std::string(kind_name(parameter.kind)));
    set_property(environment, object, "optional", parameter.optional);
    set_property(environment, object, "hasDefault", parameter.default_value.has_value());
    set_property(environment, object, "keywordOnly", argument.kwarg_only());
    set_property(environment, object, "sized", parameter.size.has_value());
    descriptions.push_back(object);
  }
  return to_javascript(environment, descriptions);
}

napi_value describe(Environment& environment, uint32_t number) {
  const auto& schema = environment.operators().at(number).schema();
  napi_value object = new_object(environment);
  set_property(environment, object, "id", number);
  set_property(environment, object, "overload", schema.overload_name());
  set_property(environment, object, "schema", c10::toString(schema));
  set_property(environment, object, "takesNumbers", takes_numbers_as_tensors(schema.name()));
  set_property(environment, object, "arguments", describe(environment, schema.arguments()));
  set_property(environment, object, "returns", describe(environment, schema.returns()));
  return object;
}

napi_value find_operators(Environment& environment, const std::string& name) {
  std::vector<napi_value> overloads;
  for (uint32_t number : environment.operators().find(name)) {
    overloads.push_back(describe(environment, number));
  }
  return to_javascript(environment, overloads);
}

// Returns the sorted names of a namespace's operators, without overloads.
std::vector<std::string> operator_names(const std::string& name_space) {
  const std::string prefix = name_space + "::";
  std::set<std::string> names;
  for (const auto& op : torch::jit::getAllOperators()) {
    const std::string& name = op->schema().name();
    if (name.starts_with(prefix)) names.insert(name.substr(prefix.size()));
  }
  return {names.begin(), names.end()};
}

// Opens a library whose static initialisers register operators. It stays open, because operators
// cannot be unregistered.
void load_library(Environment& environment, const std::string& path) {
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {
    throw PythonError("OSError", dlerror());
  }
  environment.operators().refresh();
}

}  // namespace

BoundOperator::BoundOperator(const c10::FunctionSchema& schema,
                             std::optional<c10::OperatorHandle> handle,
                             std::function<void(Stack&)> jit)
    : schema_(schema),
      handle_(std::move(handle)),
      check_(operator_check(schema.name())),
      jit_(std::move(jit)) {
  parameters_.reserve(schema.arguments().size());
  for (const auto& argument : schema.arguments()) parameters_.push_back(compile(argument));
  for (const Parameter& parameter : parameters_) {
    writes_ |= parameter.written;
    is_factory_ &= parameter.kind != Kind::Tensor && parameter.kind != Kind::TensorList;
  }
  const auto& returns = schema.returns();
  returns_tensors_ = std::all_of(returns.begin(), returns.end(), &is_tensor);
  const bool has_tensors = std::any_of(returns.begin(), returns.end(), &is_tensor);
  is_view_ = !writes_ && (!has_tensors || returns_view(schema));
}

void BoundOperator::call(Stack& stack) const {
  if (check_ != nullptr) check_(stack);
  std::optional<at::AutoDispatchBelowADInplaceOrView> below;
  if (is_factory_) below.emplace();
  if (handle_) {
    handle_->callBoxed(stack);
  } else {
    jit_(stack);
  }
}

const std::vector<uint32_t>& OperatorTable::find(const std::string& name) {
  auto [entry, is_new] = found_.try_emplace(name);
  if (!is_new) return entry->second;
  auto symbol = c10::Symbol::fromQualString(name);
  for (const auto& op : torch::jit::getAllOperatorsFor(symbol)) {
    const auto& schema = op->schema();
    auto handle = c10::Dispatcher::singleton().findSchema(schema.operator_name());
    std::function<void(Stack&)> jit;
    if (!handle) jit = [operation = op->getOperation()](Stack& stack) mutable { operation(stack); };
    entry->second.push_back(static_cast<uint32_t>(operators_.size()));
    operators_.emplace_back(schema, std::move(handle), std::move(jit));
  }
  return entry->second;
}

const BoundOperator& OperatorTable::at(uint32_t number) const {
  if (number >= operators_.size()) throw_type_error("no such operator");
  return operators_[number];
}

void OperatorTable::refresh() {
  std::erase_if(found_, [](const auto& entry) { return entry.second.empty(); });
}

void add_operators(Bindings& bindings) {
  bindings.add<&find_operators>("find_operators");
  bindings.add<&operator_names>("operator_names");
  bindings.add<&load_library>("load_library");
}

}  // namespace torch_losses
