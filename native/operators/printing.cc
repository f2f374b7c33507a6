#include "operators/printing.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/as_strided.h>
#include <c10/core/DefaultDtype.h>
#include <c10/core/GradMode.h>
#include <c10/core/ScalarType.h>
#include <c10/util/Exception.h>
#include <c10/util/StringUtil.h>
#include <torch/csrc/autograd/function.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "bindings/dtype_names.h"
#include "bindings/python.h"
#include "operators/elements.h"

namespace torch_losses {
namespace {

// --- rows and brackets ---------------------------------------------------------------------------

// Lays elements out in nested brackets: Python's `_tensor_str_with_formatter`.
class Brackets {
 public:
  Brackets(const Elements& elements, at::IntArrayRef shown, const std::vector<bool>& elided,
           const PrintOptions& options)
      : elements_(elements), shown_(shown), elided_(elided), options_(options) {}

  std::string text(int64_t indent) {
    return shown_.empty() ? elements_.texts.front() : block(0, indent);
  }

 private:
  std::string block(size_t dim, int64_t indent) {
    if (dim + 1 == shown_.size()) return row(dim, indent);
    std::vector<std::string> slices;
    for (int64_t i = 0; i < shown_[dim]; ++i) {
      if (elided_[dim] && i == options_.edgeitems) slices.emplace_back("...");
      slices.push_back(block(dim + 1, indent + 1));
    }
    const std::string line_feeds(shown_.size() - dim - 1, '\n');
    return "[" + c10::Join("," + line_feeds + spaces(indent + 1), slices) + "]";
  }

  std::string row(size_t dim, int64_t indent) {
    const int64_t per_line =
        std::max<int64_t>(1, (options_.linewidth - indent) / (elements_.width + 2));
    const std::string line_break = ",\n" + spaces(indent + 1);
    std::string text = "[";
    int64_t written = 0;
    const auto write = [&](std::string_view item) {
      if (written > 0) text += written % per_line == 0 ? line_break : ", ";
      text += item;
      ++written;
    };
    for (int64_t i = 0; i < shown_[dim]; ++i) {
      if (elided_[dim] && i == options_.edgeitems) write(" ...");
      write(elements_.texts[next_++]);
    }
    return text + "]";
  }

  const Elements& elements_;
  at::IntArrayRef shown_;            // the sizes, without elided elements
  const std::vector<bool>& elided_;  // for each dimension, whether its middle is elided
  const PrintOptions& options_;
  size_t next_ = 0;
};

// Returns a view of the two ends of each elided dimension. Such a dimension becomes two: the end
// and the position within it.
at::Tensor ends(const at::Tensor& tensor, const std::vector<bool>& elided, int64_t edgeitems) {
  std::vector<int64_t> sizes;
  std::vector<int64_t> strides;
  for (int64_t dim = 0; dim < tensor.dim(); ++dim) {
    const int64_t stride = tensor.stride(dim);
    if (elided[static_cast<size_t>(dim)]) {
      sizes.push_back(2);
      strides.push_back((tensor.size(dim) - edgeitems) * stride);
    }
    sizes.push_back(elided[static_cast<size_t>(dim)] ? edgeitems : tensor.size(dim));
    strides.push_back(stride);
  }
  return at::as_strided(tensor, sizes, strides, tensor.storage_offset());
}

// Converts to a dtype that has the operators that printing needs, without changing the numbers.
at::Tensor with_arithmetic(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::ScalarType::Float8_e5m2:
    case at::ScalarType::Float8_e4m3fn:
    case at::ScalarType::Float8_e5m2fnuz:
    case at::ScalarType::Float8_e4m3fnuz: return tensor.to(at::kHalf);
    case at::ScalarType::Float4_e2m1fn_x2:  // Python prints its bytes
      return tensor.view(at::kByte).to(at::kHalf);
    default: return tensor;
  }
}

// Returns the elements in brackets: Python's `_tensor_str`.
std::string contents(const at::Tensor& original, int64_t indent, const PrintOptions& options) {
  if (original.numel() == 0) return "[]";
  const bool summarize = original.numel() > options.threshold;
  if (summarize && options.edgeitems == 0 && original.dim() > 0) return "[...]";

  at::Tensor tensor = original._is_zerotensor() ? original.clone() : original;
  std::vector<int64_t> shown = tensor.sizes().vec();
  std::vector<bool> elided;
  for (int64_t& size : shown) {
    elided.push_back(summarize && size - options.edgeitems > options.edgeitems);
    if (elided.back()) size = 2 * options.edgeitems;
  }
  tensor = ends(tensor, elided, options.edgeitems).cpu().resolve_neg().resolve_conj();
  return Brackets(elements_of(with_arithmetic(tensor), options), shown, elided, options)
      .text(indent);
}

// --- suffixes ------------------------------------------------------------------------------------

using Suffixes = std::vector<std::string>;

std::string size_text(const at::Tensor& tensor) {
  return "size=" + python::repr_tuple(tensor.sizes());
}

std::string dtype_text(const at::Tensor& tensor) {
  return "dtype=" + dtype_repr(tensor.scalar_type());
}

std::string layout_name(at::Layout layout) {
  switch (layout) {
    case at::kSparse: return "torch.sparse_coo";
    case at::kSparseCsr: return "torch.sparse_csr";
    case at::kSparseCsc: return "torch.sparse_csc";
    case at::kSparseBsr: return "torch.sparse_bsr";
    case at::kSparseBsc: return "torch.sparse_bsc";
    case at::kMkldnn: return "torch._mkldnn";
    default: TORCH_CHECK(false, "Unknown layout ", layout);
  }
}

// Whether torch.tensor infers this dtype from a list of such elements.
bool is_inferred(at::ScalarType dtype) {
  const at::ScalarType real = c10::get_default_dtype_as_scalartype();
  const at::ScalarType complex = real == at::kDouble ? at::kComplexDouble : at::kComplexFloat;
  return dtype == real || dtype == complex || dtype == at::kLong || dtype == at::kBool;
}

// Returns "grad_fn=<AddBackward0>", "requires_grad=True" or an empty text.
std::string autograd_text(const at::Tensor& tensor) {
  std::string name;
  try {
    const auto grad_fn = tensor.grad_fn();
    if (!grad_fn) return tensor.requires_grad() ? "requires_grad=True" : "";
    name = grad_fn->name();
  } catch (const c10::Error&) {
    // The tensor is a view created and modified in no_grad mode; Python prints the same:
    // https://github.com/pytorch/pytorch/issues/99968
    name = "Invalid";
  }
  const size_t scope = name.rfind("::");
  return "grad_fn=<" + (scope == std::string::npos ? name : name.substr(scope + 2)) + ">";
}

std::string add_suffixes(std::string text, const Suffixes& suffixes, int64_t indent, bool new_line,
                         const PrintOptions& options) {
  // Python's column is two too large. Without a line feed, `npos` converts to -1, like Python's
  // `rfind`.
  int64_t column = length(text) + 1 - static_cast<int64_t>(text.rfind('\n'));
  for (const std::string& suffix : suffixes) {
    if (new_line || column + length(suffix) + 2 > options.linewidth) {
      text += ",\n" + spaces(indent) + suffix;
      column = indent + length(suffix);
      new_line = false;
    } else {
      text += ", " + suffix;
      column += length(suffix) + 2;
    }
  }
  return text + ")";
}

// --- layouts: each function returns the contents and adds suffixes -------------------------------

std::string dense_text(const at::Tensor& tensor, int64_t indent, const PrintOptions& options,
                       Suffixes& suffixes) {
  const bool is_empty = tensor.numel() == 0;
  // "[]" implies the size (0,), as in NumPy.
  const bool size_is_visible = is_empty ? tensor.dim() == 1 : options.edgeitems > 0;
  if (tensor.is_meta() || !size_is_visible) suffixes.push_back(size_text(tensor));
  // Without elements, int64 and bool cannot be inferred.
  const bool dtype_is_visible = tensor.is_meta() || is_empty
                                    ? tensor.scalar_type() == c10::get_default_dtype_as_scalartype()
                                    : is_inferred(tensor.scalar_type());
  if (!dtype_is_visible) suffixes.push_back(dtype_text(tensor));
  if (tensor.is_meta()) return "...";
  return contents(tensor.layout() == at::kStrided ? tensor : tensor.to_dense(), indent, options);
}

struct Component {
  std::string name;
  at::Tensor tensor;
};

std::vector<Component> sparse_components(const at::Tensor& tensor) {
  switch (tensor.layout()) {
    case at::kSparse: return {{"indices", tensor._indices()}, {"values", tensor._values()}};
    case at::kSparseCsr:
    case at::kSparseBsr:
      return {{"crow_indices", tensor.crow_indices()},
              {"col_indices", tensor.col_indices()},
              {"values", tensor.values()}};
    case at::kSparseCsc:
    case at::kSparseBsc:
      return {{"ccol_indices", tensor.ccol_indices()},
              {"row_indices", tensor.row_indices()},
              {"values", tensor.values()}};
    default: return {};
  }
}

std::string sparse_text(const at::Tensor& tensor, const std::vector<Component>& components,
                        int64_t indent, const PrintOptions& options, Suffixes& suffixes) {
  suffixes.push_back(size_text(tensor));
  if (!tensor.is_meta()) suffixes.push_back("nnz=" + std::to_string(tensor._nnz()));
  if (!is_inferred(tensor.scalar_type())) suffixes.push_back(dtype_text(tensor));
  std::vector<std::string> texts;
  for (const auto& [name, component] : components) {
    std::string text = name + "=tensor(";
    text += tensor.is_meta() ? "..." : contents(component, indent + length(text), options);
    if (tensor.is_meta() || component.numel() == 0) text += ", " + size_text(component);
    texts.push_back(text + ")");
  }
  return c10::Join(",\n" + spaces(indent), texts);
}

std::string text_of(const at::Tensor& tensor, int64_t indent, const PrintOptions& options,
                    Suffixes& suffixes) {
  const at::AutoDispatchBelowADInplaceOrView without_autograd;
  const std::vector<Component> components = sparse_components(tensor);
  if (!components.empty()) return sparse_text(tensor, components, indent, options, suffixes);
  TORCH_CHECK_NOT_IMPLEMENTED(!tensor.is_quantized() && !tensor.is_nested(),
                              "Printing quantized and nested tensors is not supported");
  return dense_text(tensor, indent, options, suffixes);
}

}  // namespace

std::string repr(const at::Tensor& tensor, const PrintOptions& options,
                 std::string_view class_name) {
  const c10::NoGradGuard no_grad;
  const std::string prefix = std::string(class_name) + "(";
  const int64_t indent = length(prefix);
  Suffixes suffixes;
  if (!tensor.is_cpu()) suffixes.push_back("device='" + tensor.device().str() + "'");
  const std::string text = prefix + text_of(tensor, indent, options, suffixes);
  if (tensor.layout() != at::kStrided) {
    suffixes.push_back("layout=" + layout_name(tensor.layout()));
  }
  if (std::string autograd = autograd_text(tensor); !autograd.empty()) {
    suffixes.push_back(std::move(autograd));
  }
  return add_suffixes(text, suffixes, indent, tensor.is_sparse(), options);
}

std::string parameter_repr(const at::Tensor& tensor, const PrintOptions& options) {
  return "Parameter containing:\n" + repr(tensor, options);
}

}  // namespace torch_losses
