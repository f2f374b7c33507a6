#include "kernels/arithmetic.h"

#include <ATen/ops/abs.h>
#include <ATen/ops/add.h>
#include <ATen/ops/any.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/div.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/ge.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ne.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/norm.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/sgn.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <c10/util/DimVector.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <span>

#include "bindings/python.h"
#include "kernels/records.h"

namespace torch_losses::arithmetic {
namespace {

using plain::empty;
using plain::is_plain;
using plain::with_type_of;

template <typename T>
bool has_nan(const T* numbers, int64_t count) {
  bool found = false;
  for (int64_t i = 0; i < count; ++i) found |= std::isnan(numbers[i]);  // no exit: in vectors
  return found;
}

// The results of one operation on each element, never of two: contracted, those would be rounded
// once. Undefined where libtorch is to compute them: of what is not small, and where one is NaN,
// whose sign and payload IEEE 754 leaves open.
template <typename Operation, typename... Others>
at::Tensor map(Operation operation, const at::Tensor& self, const Others&... others) {
  if (!is_small(self, others...)) return {};
  at::Tensor result = empty(self.sizes(), self.scalar_type());
  const bool is_open = with_type_of(self, [&]<typename T>(T) {
    const T* first = self.const_data_ptr<T>();
    T* results = result.mutable_data_ptr<T>();
    std::transform(first, first + self.numel(), others.template const_data_ptr<T>()..., results,
                   operation);
    return has_nan(results, self.numel());
  });
  return is_open ? at::Tensor() : result;
}

template <typename Compare>
at::Tensor compare(const at::Tensor& self, Compare holds) {
  at::Tensor result = empty(self.sizes(), at::kBool);
  with_type_of(self, [&]<typename T>(T) {
    const T* first = self.const_data_ptr<T>();
    std::transform(first, first + self.numel(), result.mutable_data_ptr<bool>(), holds);
  });
  return result;
}

template <typename Compute>
at::Tensor below_autograd(Compute compute) {
  const at::AutoDispatchBelowADInplaceOrView guard;
  return compute();
}

}  // namespace

at::Tensor abs(const at::Tensor& self) {
  const at::Tensor result = map([](auto a) { return std::abs(a); }, self);
  if (!result.defined()) return at::abs(self);
  records::abs(result, self);
  return result;
}

at::Tensor neg(const at::Tensor& self) {
  const at::Tensor result = map(std::negate(), self);
  if (!result.defined()) return at::neg(self);
  records::neg(result, self);
  return result;
}

at::Tensor square(const at::Tensor& self) {
  const at::Tensor result = map([](auto a) { return a * a; }, self);
  if (!result.defined()) return at::pow(self, 2);
  records::square(result, self);
  return result;
}

at::Tensor sqrt(const at::Tensor& self) {
  if (!is_plain(self)) return at::sqrt(self);
  at::Tensor result = below_autograd([&] { return at::sqrt(self); });
  records::sqrt(result, self);
  return result;
}

at::Tensor clamp_min(const at::Tensor& self, int64_t min) {
  const at::Tensor result =
      map([&]<typename T>(T a) { return std::max(a, static_cast<T>(min)); }, self);
  if (!result.defined()) return at::clamp_min(self, min);
  records::clamp_min(result, self, min);
  return result;
}

at::Tensor add(const at::Tensor& self, const at::Tensor& other) {
  const at::Tensor result = map(std::plus(), self, other);
  if (!result.defined()) return at::add(self, other);
  records::add(result, self, other);
  return result;
}

at::Tensor add(const at::Tensor& self, Number other) {
  const auto number = other.value.toDouble();
  const at::Tensor result = map([&]<typename T>(T a) { return a + static_cast<T>(number); }, self);
  if (!result.defined()) return at::add(self, python::wrapped(other.value));
  if (plain::is_recorded(self)) records::add(result, self, python::wrapped(other.value));
  return result;
}

at::Tensor add(const at::Tensor& self, double other) {
  const at::Tensor result = map([&]<typename T>(T a) { return a + static_cast<T>(other); }, self);
  if (!result.defined()) return at::add(self, other);
  records::add_scalar(result, self);
  return result;
}

at::Tensor sub(const at::Tensor& self, const at::Tensor& other) {
  const at::Tensor result = map(std::minus(), self, other);
  if (!result.defined()) return at::sub(self, other);
  records::sub(result, self, other);
  return result;
}

at::Tensor sub(Number self, const at::Tensor& other) {
  const auto number = self.value.toDouble();
  const at::Tensor result = map([&]<typename T>(T b) { return static_cast<T>(number) - b; }, other);
  if (!result.defined()) return at::sub(python::wrapped(self.value), other);
  if (plain::is_recorded(other)) records::sub(result, python::wrapped(self.value), other);
  return result;
}

at::Tensor sub(const at::Tensor& self, double other) {
  const at::Tensor result = map([&]<typename T>(T a) { return a - static_cast<T>(other); }, self);
  if (!result.defined()) return at::sub(self, other);
  records::sub_scalar(result, self);
  return result;
}

at::Tensor mul(const at::Tensor& self, const at::Tensor& other) {
  const at::Tensor result = map(std::multiplies(), self, other);
  if (!result.defined()) return at::mul(self, other);
  records::mul(result, self, other);
  return result;
}

at::Tensor mul(const at::Tensor& self, Number other) {
  const auto number = other.value.toDouble();
  const at::Tensor result = map([&]<typename T>(T a) { return a * static_cast<T>(number); }, self);
  if (!result.defined()) return at::mul(self, python::wrapped(other.value));
  if (plain::is_recorded(self)) records::mul(result, self, python::wrapped(other.value));
  return result;
}

at::Tensor div(const at::Tensor& self, const at::Tensor& other) {
  const at::Tensor result = map(std::divides(), self, other);
  if (!result.defined()) return at::div(self, other);
  records::div(result, self, other);
  return result;
}

at::Tensor div(const at::Tensor& self, Number other) {
  const auto number = other.value.toDouble();
  const at::Tensor result = map([&]<typename T>(T a) { return a / static_cast<T>(number); }, self);
  if (!result.defined()) return at::div(self, python::wrapped(other.value));
  if (plain::is_recorded(self)) records::div(result, self, python::wrapped(other.value));
  return result;
}

void clamp_min_(at::Tensor& self, double min) {
  if (!is_small(self) || std::isnan(min)) {
    at::clamp_(self, min, std::nullopt);
    return;
  }
  with_type_of(self, [&]<typename T>(T) {
    const std::span numbers(self.mutable_data_ptr<T>(), self.numel());
    for (T& number : numbers) number = std::max(number, static_cast<T>(min));
  });
}

bool any_negative(const at::Tensor& self) {
  if (!is_small(self)) return at::any(at::lt(self, 0)).item<bool>();
  return with_type_of(self, [&]<typename T>(T) {
    const std::span numbers(self.const_data_ptr<T>(), self.numel());
    return std::ranges::any_of(numbers, [](T number) { return number < 0; });
  });
}

at::Tensor eq(const at::Tensor& self, int64_t other) {
  if (!is_small(self)) return at::eq(self, other);
  return compare(self, [&]<typename T>(T value) { return value == static_cast<T>(other); });
}

at::Tensor ne(const at::Tensor& self, int64_t other) {
  if (!is_small(self)) return at::ne(self, other);
  return compare(self, [&]<typename T>(T value) { return value != static_cast<T>(other); });
}

at::Tensor ge(const at::Tensor& self, int64_t other) {
  if (!is_small(self)) return at::ge(self, other);
  return compare(self, [&]<typename T>(T value) { return value >= static_cast<T>(other); });
}

at::Tensor gt(const at::Tensor& self, int64_t other) {
  if (!is_small(self)) return at::gt(self, other);
  return compare(self, [&]<typename T>(T value) { return value > static_cast<T>(other); });
}

at::Tensor sgn(const at::Tensor& self) {
  const at::Tensor result =
      map([]<typename T>(T a) { return static_cast<T>((T{0} < a) - (a < T{0})); }, self);
  return result.defined() ? result : at::sgn(self);
}

at::Tensor expand(const at::Tensor& self, at::IntArrayRef sizes, std::optional<int64_t> dim) {
  c10::DimVector strides(self.strides());
  if (dim) {
    strides.insert(strides.begin() + *dim, 0);
  } else {
    strides.assign(sizes.size(), 0);
  }
  at::Tensor view = at::detail::make_tensor<c10::TensorImpl>(
      c10::TensorImpl::VIEW, c10::Storage(self.storage()), self.key_set(), self.dtype());
  view.unsafeGetTensorImpl()->set_sizes_and_strides(sizes, strides, self.storage_offset());
  return view;
}

at::Tensor dense(const at::Tensor& self) {
  if (self.is_contiguous() || !is_plain(self) || self.numel() > kSmall) return self;
  // What is there, once: blocks of `inner` numbers, each of them repeated.
  int64_t count = 1;
  int64_t inner = 0;
  int64_t repeats = 1;
  for (int64_t dim = self.dim() - 1; dim >= 0; --dim) {
    if (self.size(dim) == 1) continue;
    if (self.stride(dim) == count) {
      count *= self.size(dim);
    } else if (self.stride(dim) == 0 && (inner == 0 || inner == count)) {
      inner = count;
      repeats *= self.size(dim);
    } else {
      return self;
    }
  }
  at::Tensor result = empty(self.sizes(), self.scalar_type());
  with_type_of(self, [&]<typename T>(T) {
    const T* from = self.const_data_ptr<T>();
    T* to = result.mutable_data_ptr<T>();
    for (const T* end = from + count; from != end; from += inner) {
      for (int64_t i = 0; i < repeats; ++i) to = std::copy_n(from, inner, to);
    }
  });
  return result;
}

at::Tensor where(const at::Tensor& condition, const at::Tensor& self) {
  const bool fits = condition.scalar_type() == at::kBool && plain::is_undisguised(condition) &&
                    condition.is_contiguous() && condition.sizes() == self.sizes();
  if (!fits || !is_small(self)) {
    return at::where(condition, self, at::zeros_like(self));
  }
  at::Tensor result = empty(self.sizes(), self.scalar_type());
  with_type_of(self, [&]<typename T>(T) {
    const bool* holds = condition.const_data_ptr<bool>();
    std::transform(holds, holds + self.numel(), self.const_data_ptr<T>(),
                   result.mutable_data_ptr<T>(), [](bool a, T b) { return a ? b : T{0}; });
  });
  records::where(result, condition, self);
  return result;
}

at::Tensor sum(const at::Tensor& self, int64_t dim) {
  if (!is_plain(self)) return at::sum(self, dim);
  at::Tensor result = below_autograd([&] { return at::sum(self, dim); });
  records::sum(result, self, dim);
  return result;
}

at::Tensor norm(const at::Tensor& self, double p, int64_t dim) {
  if (!is_plain(self)) return at::norm(self, p, dim);
  at::Tensor result = below_autograd([&] { return at::norm(self, p, dim); });
  records::norm(result, self, p, dim);
  return result;
}

}  // namespace torch_losses::arithmetic
