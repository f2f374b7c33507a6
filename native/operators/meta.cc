// Source: torch/_meta_registrations.py, torch/_decomp/decompositions.py and torch/_refs of
// torch 2.13.
#include "operators/meta.h"

#include <ATen/core/Reduction.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/add.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/real.h>
#include <ATen/ops/sgn.h>
#include <ATen/ops/sub.h>
#include <torch/library.h>

#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "bindings/python.h"

namespace torch_losses {
namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;

// Returns the tensor, or `self` if it is missing or, as autograd passes it, undefined.
const Tensor& or_self(const OptionalTensor& tensor, const Tensor& self) {
  return tensor && tensor->defined() ? *tensor : self;
}

// Throws if the tensors are on different devices: the elements of a real one would be lost.
template <typename... Tensors>
void check_devices(const Tensor& first, const Tensors&... others) {
  const auto check = [&](const Tensor& tensor) {
    TORCH_CHECK(tensor.device() == first.device(), "Tensor on device ", tensor.device(),
                " is not on the expected device ", first.device(), "!");
  };
  (check(others), ...);
}

// Returns the reduced loss: itself, or a 0-d tensor of its dtype.
Tensor reduced(const Tensor& loss, int64_t reduction) {
  return reduction == at::Reduction::None ? loss : at::empty({}, loss.options());
}

// The kernels call operators that have a meta kernel, to find sizes, dtype and strides.

Tensor& abs_out(const Tensor& self, Tensor& out) {
  return at::sgn_out(out, self.is_complex() && !out.is_complex() ? at::real(self) : self);
}

Tensor where(const Tensor& condition, const Tensor& self, const Tensor& other) {
  TORCH_CHECK(condition.scalar_type() == at::kBool || condition.scalar_type() == at::kByte,
              "expected condition to be bool or uint8, but got ", condition.scalar_type());
  const Tensor either = at::add(self, other);
  return either.scalar_type() == at::kBool ? at::add(either, condition.to(at::kBool))
                                           : at::add(either, condition);
}

Tensor huber_loss(const Tensor& self, const Tensor& target, int64_t reduction, double delta) {
  TORCH_CHECK(delta > 0, "huber_loss does not support non-positive values for delta.");
  return reduced(at::sub(self, target), reduction);
}

Tensor& huber_loss_backward_out(const Tensor& grad_output, const Tensor& self, const Tensor& target,
                                int64_t, double, Tensor& out) {
  check_devices(self, target, grad_output, out);
  return out;
}

Tensor mse_loss_backward(const Tensor& grad_output, const Tensor& self, const Tensor& target,
                         int64_t) {
  check_devices(self, target, grad_output);
  return at::empty_like(self, at::MemoryFormat::Contiguous);
}

Tensor& smooth_l1_loss_backward_out(const Tensor& grad_output, const Tensor& self,
                                    const Tensor& target, int64_t, double, Tensor& out) {
  check_devices(self, target, grad_output, out);
  return out;
}

Tensor binary_cross_entropy(const Tensor& self, const Tensor& target, const OptionalTensor& weight,
                            int64_t reduction) {
  check_devices(self, target, or_self(weight, self));
  return reduced(at::empty_like(self), reduction);
}

Tensor binary_cross_entropy_backward(const Tensor& grad_output, const Tensor& self,
                                     const Tensor& target, const OptionalTensor& weight, int64_t) {
  check_devices(self, target, or_self(weight, self), grad_output);
  return at::empty_like(self);
}

std::tuple<Tensor, Tensor> log_sigmoid_forward(const Tensor& self) {
  return {at::empty_like(self), at::empty_like(self)};
}

Tensor log_sigmoid_backward(const Tensor& grad_output, const Tensor& self, const Tensor&) {
  check_devices(self, grad_output);
  return at::empty_like(self);
}

// Returns the number of rows and their length; a vector is one row.
std::pair<int64_t, int64_t> rows_of(const Tensor& self) {
  const int64_t classes = self.dim() == 0 ? 1 : self.size(-1);
  TORCH_CHECK(self.dim() <= 2 && classes != 0,
              "Expected non-empty vector or matrix with optional 0-dim batch size, but got: ",
              python::repr_size(self.sizes()));
  return {self.dim() < 2 ? 1 : self.size(0), classes};
}

Tensor multi_margin_loss(const Tensor& self, const Tensor& target, const at::Scalar& p,
                         const at::Scalar&, const OptionalTensor& weight, int64_t reduction) {
  check_devices(self, target, or_self(weight, self));
  const auto [rows, classes] = rows_of(self);
  TORCH_CHECK(p.toDouble() == 1 || p.toDouble() == 2, "only p == 1 and p == 2 supported");
  TORCH_CHECK(target.dim() <= 1 && target.numel() == rows, "inconsistent target size, expected ",
              rows, " but got ", python::repr_size(target.sizes()));
  TORCH_CHECK(!weight || (weight->dim() <= 1 && weight->numel() == classes),
              "inconsistent weight size, expected ", classes, " but got ",
              python::repr_size(or_self(weight, self).sizes()));
  return reduced(at::empty({rows}, self.options()), reduction);
}

std::tuple<Tensor, Tensor> multilabel_margin_loss_forward(const Tensor& self, const Tensor& target,
                                                          int64_t reduction) {
  check_devices(self, target);
  const int64_t rows = rows_of(self).first;
  TORCH_CHECK(target.sizes() == self.sizes(),
              "inconsistent target size: ", python::repr_size(target.sizes()),
              " for input of size: ", python::repr_size(self.sizes()));
  return {reduced(at::empty({rows}, self.options()), reduction),
          at::empty(target.sizes(), self.options())};
}

at::Scalar local_scalar_dense(const Tensor&) {
  TORCH_CHECK(false, "Tensor.item() cannot be called on meta tensors");
}

Tensor nonzero(const Tensor&) {
  TORCH_CHECK_NOT_IMPLEMENTED(
      false,
      "The register_meta function for torch.nonzero() raises unimplemented by default, as a "
      "correct data-independent implementation does not exist. This implementation returns a fake "
      "value, assuming all elements of the tensor are non-zero. To enable this registration, "
      "please "
      "set 'torch.fx.experimental._config.meta_nonzero_assume_all_nonzero' to True.");
}

bool has_meta_kernel(const char* name, const char* overload) {
  const auto found = c10::Dispatcher::singleton().findOp({std::string("aten::") + name, overload});
  return !found || found->hasKernelForDispatchKey(c10::DispatchKey::Meta);
}

// Registers a kernel, unless libtorch has one or another copy of this addon has registered it.
template <typename Kernel>
void provide(torch::Library& library, const char* name, const char* overload, Kernel* kernel) {
  if (has_meta_kernel(name, overload)) return;
  const std::string qualified = *overload == 0 ? name : std::string(name) + "." + overload;
  library.impl(qualified.c_str(), kernel);
}

}  // namespace

void register_meta_kernels() {
  static std::once_flag once;
  std::call_once(once, [] {
    // Never destroyed, because destruction would unregister the kernels.
    auto& library = *new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::Meta,
                                        __FILE__, __LINE__);
    provide(library, "abs", "out", &abs_out);
    provide(library, "where", "self", &where);
    provide(library, "huber_loss", "", &huber_loss);
    provide(library, "huber_loss_backward", "out", &huber_loss_backward_out);
    provide(library, "mse_loss_backward", "", &mse_loss_backward);
    provide(library, "smooth_l1_loss_backward", "grad_input", &smooth_l1_loss_backward_out);
    provide(library, "binary_cross_entropy", "", &binary_cross_entropy);
    provide(library, "binary_cross_entropy_backward", "", &binary_cross_entropy_backward);
    provide(library, "log_sigmoid_forward", "", &log_sigmoid_forward);
    provide(library, "log_sigmoid_backward", "", &log_sigmoid_backward);
    provide(library, "multi_margin_loss", "", &multi_margin_loss);
    provide(library, "multilabel_margin_loss_forward", "", &multilabel_margin_loss_forward);
    provide(library, "_local_scalar_dense", "", &local_scalar_dense);
    provide(library, "nonzero", "", &nonzero);
  });
}

}  // namespace torch_losses
