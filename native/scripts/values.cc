// Source of what a type accepts: torch/csrc/jit/python/pybind_utils.cpp (toIValue).
#include "scripts/values.h"

#include <cmath>
#include <string>

#include "bindings/arguments.h"
#include "bindings/environment.h"
#include "bindings/errors.h"

namespace torch_losses::scripts {
namespace {

using c10::IValue;
using c10::TypeKind;

constexpr double kLargestSafe = 9007199254740991.0;

// The tag of an encoded value and the part behind it, or what stands for itself.
struct Encoded {
  napi_valuetype type;
  std::optional<Tag> tag;
  napi_value payload;
};

Encoded decode(Environment& environment, napi_value value) {
  if (!is_array(environment, value)) return {type_of(environment, value), std::nullopt, value};
  if (array_length(environment, value) < 2) throw ArgumentMismatch{"a value of TorchScript"};
  auto tag = read<int64_t>(environment, array_element(environment, value, 0));
  if (tag < 0 || tag > static_cast<int64_t>(Tag::Dtype)) {
    throw ArgumentMismatch{"a value of TorchScript"};
  }
  return {napi_object, static_cast<Tag>(tag), array_element(environment, value, 1)};
}

// Python's name of the value's type.
std::string type_name(Environment& environment, const Encoded& encoded) {
  if (encoded.tag) {
    constexpr const char* kNames[] = {"Tensor", "float", "complex",      "list",
                                      "dict",   "tuple", "torch.device", "torch.dtype"};
    return kNames[static_cast<size_t>(*encoded.tag)];
  }
  switch (encoded.type) {
    case napi_null:
    case napi_undefined: return "NoneType";
    case napi_boolean: return "bool";
    case napi_string: return "str";
    case napi_bigint: return "int";
    case napi_number: {
      auto number = read<double>(environment, encoded.payload);
      return std::trunc(number) == number && std::abs(number) <= kLargestSafe ? "int" : "float";
    }
    default: return "object";
  }
}

class Converter {
 public:
  Converter(Environment& environment, std::vector<at::Tensor>& tensors)
      : environment_(environment), tensors_(tensors) {}

  IValue convert(napi_value value, const c10::Type& type) {
    const Encoded encoded = decode(environment_, value);
    if (std::optional<IValue> converted = try_convert(encoded, type)) return *std::move(converted);
    throw ArgumentMismatch{type_name(environment_, encoded)};
  }

 private:
  std::optional<IValue> try_convert(const Encoded& encoded, const c10::Type& type) {
    const bool is_number = encoded.type == napi_number || encoded.tag == Tag::Float;
    const napi_value value = encoded.payload;
    switch (type.kind()) {
      case TypeKind::OptionalType:
        if (is_none(encoded)) return IValue();
        return try_convert(encoded, *type.containedType(0));
      case TypeKind::NoneType: return is_none(encoded) ? std::optional(IValue()) : std::nullopt;
      case TypeKind::TensorType:
        if (encoded.tag != Tag::Tensor) return std::nullopt;
        tensors_.push_back(read<at::Tensor>(environment_, value));
        return tensors_.back();
      case TypeKind::FloatType:
        if (!is_number) return std::nullopt;
        return read<double>(environment_, value);
      case TypeKind::IntType:
        if (encoded.tag == Tag::Dtype) return read<int64_t>(environment_, value);
        if (encoded.tag || type_name(environment_, encoded) != "int") return std::nullopt;
        return read<int64_t>(environment_, value);
      case TypeKind::BoolType:
        if (encoded.type != napi_boolean) return std::nullopt;
        return read<bool>(environment_, value);
      case TypeKind::StringType:
        if (encoded.type != napi_string) return std::nullopt;
        return read<std::string>(environment_, value);
      case TypeKind::ComplexType:
      case TypeKind::NumberType:
      case TypeKind::AnyType: return infer(encoded, type);
      case TypeKind::UnionType: return convert_to_any_of(encoded, type);
      case TypeKind::DeviceObjType:
        if (encoded.tag != Tag::Device && encoded.type != napi_string) return std::nullopt;
        return read<at::Device>(environment_, value);
      case TypeKind::ListType:
        if (encoded.tag != Tag::List) return std::nullopt;
        return list(value, type.containedType(0));
      case TypeKind::DictType:
        if (encoded.tag != Tag::Dict) return std::nullopt;
        return dictionary(value, type.containedType(0), type.containedType(1));
      case TypeKind::TupleType:
        if (encoded.tag != Tag::List) return std::nullopt;
        return tuple(value, type);
      default: return std::nullopt;
    }
  }

  static bool is_none(const Encoded& encoded) {
    return encoded.type == napi_null || encoded.type == napi_undefined;
  }

  // Converts by the value's own type.
  std::optional<IValue> infer(const Encoded& encoded, const c10::Type& type) {
    if (encoded.tag == Tag::Float) return read<double>(environment_, encoded.payload);
    if (encoded.tag == Tag::Complex || encoded.type == napi_number || encoded.type == napi_bigint) {
      at::Scalar scalar = read<at::Scalar>(environment_, encoded.payload);
      if (type.kind() == TypeKind::ComplexType) return scalar.toComplexDouble();
      return IValue(scalar);
    }
    if (type.kind() != TypeKind::AnyType) return std::nullopt;
    if (is_none(encoded)) return IValue();
    if (encoded.tag == Tag::Tensor) return try_convert(encoded, *c10::TensorType::get());
    if (encoded.tag == Tag::List) return list(encoded.payload, c10::AnyType::get());
    if (encoded.type == napi_boolean) return read<bool>(environment_, encoded.payload);
    if (encoded.type == napi_string) return read<std::string>(environment_, encoded.payload);
    return std::nullopt;
  }

  std::optional<IValue> convert_to_any_of(const Encoded& encoded, const c10::Type& type) {
    for (const auto& member : type.containedTypes()) {
      try {
        if (auto converted = try_convert(encoded, *member)) return converted;
      } catch (const ArgumentMismatch&) {
        // An element of a list or dictionary does not fit: the next member may.
      }
    }
    return std::nullopt;
  }

  IValue list(napi_value values, const c10::TypePtr& element) {
    c10::impl::GenericList list(element);
    for (uint32_t i = 0, count = length(values); i < count; ++i) {
      list.push_back(convert(array_element(environment_, values, i), *element));
    }
    return list;
  }

  IValue dictionary(napi_value entries, const c10::TypePtr& key, const c10::TypePtr& member) {
    c10::impl::GenericDict dict(key, member);
    for (uint32_t i = 0, count = length(entries); i < count; ++i) {
      napi_value entry = array_element(environment_, entries, i);
      if (length(entry) != 2) throw ArgumentMismatch{"dict"};
      IValue name = convert(array_element(environment_, entry, 0), *key);
      dict.insert_or_assign(std::move(name),
                            convert(array_element(environment_, entry, 1), *member));
    }
    return dict;
  }

  std::optional<IValue> tuple(napi_value values, const c10::Type& type) {
    const auto members = type.containedTypes();
    if (length(values) != members.size()) return std::nullopt;
    std::vector<IValue> elements;
    for (uint32_t i = 0; i < members.size(); ++i) {
      elements.push_back(convert(array_element(environment_, values, i), *members[i]));
    }
    return c10::ivalue::Tuple::create(std::move(elements));
  }

  uint32_t length(napi_value values) {
    if (!is_array(environment_, values)) throw ArgumentMismatch{"list"};
    return array_length(environment_, values);
  }

  Environment& environment_;
  std::vector<at::Tensor>& tensors_;
};

class Encoder {
 public:
  Encoder(Environment& environment, const std::vector<at::Tensor>& known)
      : environment_(environment), known_(known) {}

  napi_value encode(const IValue& value) {
    if (value.isNone()) return call_node<napi_value>(environment_.env(), napi_get_null);
    if (value.isTensor()) return tensor(value.toTensor());
    if (value.isBool()) return boolean(environment_, value.toBool());
    if (value.isScalar()) return to_javascript(environment_, value.toScalar());
    if (value.isString()) return to_javascript(environment_, value.toStringRef());
    if (value.isDevice()) return tagged(Tag::Device, to_javascript(environment_, value.toDevice()));
    if (value.isList()) return tagged(Tag::List, array(value.toListRef()));
    if (value.isTuple()) return tuple(value.toTupleRef(), *value.type());
    if (value.isGenericDict()) return dictionary(value);
    throw PythonError("NotImplementedError",
                      "a value of type " + value.type()->repr_str() + " cannot leave TorchScript");
  }

 private:
  napi_value tagged(Tag tag, napi_value payload) {
    napi_value pair = new_array(environment_, 2);
    set_element(environment_, pair, 0,
                to_javascript(environment_, static_cast<double>(static_cast<uint8_t>(tag))));
    set_element(environment_, pair, 1, payload);
    return pair;
  }

  napi_value tensor(const at::Tensor& tensor) {
    if (!tensor.defined()) return call_node<napi_value>(environment_.env(), napi_get_null);
    for (size_t i = 0; i < known_.size(); ++i) {
      if (known_[i].is_same(tensor)) {
        return tagged(Tag::Tensor, to_javascript(environment_, -1.0 - static_cast<double>(i)));
      }
    }
    return tagged(Tag::Tensor, to_javascript(environment_, tensor));
  }

  napi_value array(at::ArrayRef<IValue> values) {
    napi_value array = new_array(environment_, values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      set_element(environment_, array, i, encode(values[i]));
    }
    return array;
  }

  napi_value tuple(const c10::ivalue::Tuple& value, const c10::Type& type) {
    napi_value pair = tagged(Tag::Tuple, array(value.elements()));
    const auto& schema = type.castRaw<c10::TupleType>()->schema();
    if (!schema) return pair;
    std::vector<std::string> names;
    for (const auto& argument : schema->arguments()) names.push_back(argument.name());
    set_element(environment_, pair, 2, to_javascript(environment_, names));
    return pair;
  }

  napi_value dictionary(const IValue& value) {
    std::vector<napi_value> entries;
    for (const auto& entry : value.toGenericDict()) {
      entries.push_back(to_javascript(
          environment_, std::vector<napi_value>{encode(entry.key()), encode(entry.value())}));
    }
    return tagged(Tag::Dict, to_javascript(environment_, entries));
  }

  Environment& environment_;
  const std::vector<at::Tensor>& known_;
};

}  // namespace

IValue to_ivalue(Environment& environment, napi_value value, const c10::Type& type,
                 std::vector<at::Tensor>& tensors) {
  try {
    return Converter(environment, tensors).convert(value, type);
  } catch (const ArgumentMismatch&) {
    // Names the whole value, as Python does, not the element that does not fit.
    throw ArgumentMismatch{type_name(environment, decode(environment, value))};
  }
}

napi_value from_ivalue(Environment& environment, const IValue& value,
                       const std::vector<at::Tensor>& known) {
  return Encoder(environment, known).encode(value);
}

}  // namespace torch_losses::scripts
