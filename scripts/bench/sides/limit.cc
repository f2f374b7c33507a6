// The limit: calls the addon's losses in a loop in C++, without JavaScript. A side of the benchmarks
// (protocol.md). Its requests are words, so that it needs no JSON parser:
//
//   prepare LOSS BACKWARD COUNT INPUT...    run CALLS
//   INPUT: KIND LOW HIGH GRAD RANK LENGTH...  where KIND is uniform, integers, signs, labels or
//   list. A list has one value, LOW, which is repeated LENGTH times
#include <ATen/Parallel.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/where.h>
#include <c10/util/accumulate.h>
#include <torch/version.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bindings/python.h"
#include "bindings/warnings.h"
#include "losses/losses.h"
#include "losses/targets.h"

// Replaces the checks of class indices on a GPU, which are off by default.
namespace torch_losses::targets {
bool are_checked(const at::Tensor&) { return false; }
void check_classes(const at::Tensor&, int64_t, int64_t) {}
void check_labels(const at::Tensor&, int64_t) {}
void check_margin_classes(const at::Tensor&, int64_t) {}
}  // namespace torch_losses::targets

namespace {

using at::Tensor;
using Tensors = std::vector<Tensor>;
using torch_losses::Reduction;
namespace losses = torch_losses::losses;

constexpr std::array<double, 5> kPrimes = {2, 3, 5, 7, 11};
constexpr int64_t kPeriod = int64_t{1} << 20;

struct Inputs {
  Tensors tensors;
  std::vector<std::vector<int64_t>> lists;
};

using Loss = std::function<Tensor(const Inputs&)>;

// Makes a loss that takes only tensors, with its default options.
template <typename Function>
Loss of(Function function) {
  return [function](const Inputs& inputs) { return function(inputs.tensors); };
}

const Reduction kMean;
const Reduction kBatchMean{"batchmean", {}};

const std::map<std::string, Loss> kLosses = {
    {"L1Loss", of([](const Tensors& t) { return losses::l1_loss(t[0], t[1], kMean, {}); })},
    {"MSELoss", of([](const Tensors& t) { return losses::mse_loss(t[0], t[1], kMean, {}); })},
    {"SmoothL1Loss",
     of([](const Tensors& t) { return losses::smooth_l1_loss(t[0], t[1], kMean, 1); })},
    {"HuberLoss",
     of([](const Tensors& t) { return losses::huber_loss(t[0], t[1], kMean, 1, {}); })},
    {"PoissonNLLLoss", of([](const Tensors& t) {
       return losses::poisson_nll_loss(t[0], t[1], true, false, 1e-8, kMean);
     })},
    {"GaussianNLLLoss", of([](const Tensors& t) {
       return losses::gaussian_nll_loss(t[0], t[1], t[2], false, 1e-6, kMean);
     })},
    {"BCELoss",
     of([](const Tensors& t) { return losses::binary_cross_entropy(t[0], t[1], {}, kMean); })},
    {"BCEWithLogitsLoss", of([](const Tensors& t) {
       return losses::binary_cross_entropy_with_logits(t[0], t[1], {}, kMean, {});
     })},
    {"SoftMarginLoss",
     of([](const Tensors& t) { return losses::soft_margin_loss(t[0], t[1], kMean); })},
    {"HingeEmbeddingLoss",
     of([](const Tensors& t) { return losses::hinge_embedding_loss(t[0], t[1], 1, kMean); })},
    {"MultiLabelSoftMarginLoss", of([](const Tensors& t) {
       return losses::multilabel_soft_margin_loss(t[0], t[1], {}, kMean);
     })},
    {"KLDivLoss",
     of([](const Tensors& t) { return losses::kl_div(t[0], t[1], kBatchMean, false); })},
    {"NLLLoss", of([](const Tensors& t) { return losses::nll_loss(t[0], t[1], {}, -100, kMean); })},
    {"CrossEntropyLoss",
     of([](const Tensors& t) { return losses::cross_entropy(t[0], t[1], {}, -100, kMean, 0); })},
    {"LinearCrossEntropyLoss", of([](const Tensors& t) {
       return losses::cross_entropy(at::linear(t[0], t[2]), t[1], {}, -100, kMean, 0);
     })},
    {"MultiMarginLoss",
     of([](const Tensors& t) { return losses::multi_margin_loss(t[0], t[1], 1, 1, {}, kMean); })},
    {"MultiLabelMarginLoss",
     of([](const Tensors& t) { return losses::multilabel_margin_loss(t[0], t[1], kMean); })},
    {"MarginRankingLoss",
     of([](const Tensors& t) { return losses::margin_ranking_loss(t[0], t[1], t[2], 0, kMean); })},
    {"CosineEmbeddingLoss", of([](const Tensors& t) {
       return losses::cosine_embedding_loss(t[0], t[1], t[2], 0, kMean);
     })},
    {"TripletMarginLoss", of([](const Tensors& t) {
       return losses::triplet_margin_loss(t[0], t[1], t[2], 1, 2, 1e-6, false, kMean);
     })},
    {"TripletMarginWithDistanceLoss", of([](const Tensors& t) {
       return losses::triplet_margin_with_pairwise_distance_loss(t[0], t[1], t[2], 2, 1e-6, false,
                                                                 1, false, kMean);
     })},
    {"CTCLoss",
     [](const Inputs& inputs) {
       return losses::ctc_loss(inputs.tensors[0], inputs.tensors[1], inputs.lists[0],
                               inputs.lists[1], 0, kMean, false);
     }},
};

Tensor values_of(const std::string& kind, double low, double high, const Tensor& u) {
  if (kind == "signs") return u.ge(0.5).to(at::kFloat).mul(2).sub(1);
  const Tensor values = u.mul(high - low).add(low);
  return kind == "integers" ? values.floor().to(at::kLong) : values.to(at::kFloat);
}

Tensor make_tensor(const std::string& kind, double low, double high,
                   const std::vector<int64_t>& shape, size_t index) {
  if (kind == "labels") {
    const Tensor columns = at::arange(shape[1]);
    const Tensor none = at::full({}, -1, at::kLong);
    return at::where(columns.lt(low), columns.mul(3), none).repeat({shape[0], 1});
  }
  const int64_t size = c10::multiply_integers(shape);
  const int64_t period = std::min(size, kPeriod);
  const double factor = std::fmod(std::sqrt(kPrimes.at(index)), 1);
  const Tensor u = at::arange(1, period + 1, at::kDouble).mul(factor).frac();
  const Tensor values = values_of(kind, low, high, u);
  return values.repeat({(size + period - 1) / period}).narrow(0, 0, size).reshape(shape).clone();
}

void read_input(size_t index, Inputs& inputs) {
  std::string kind;
  double low = 0;
  double high = 0;
  bool grad = false;
  size_t rank = 0;
  std::cin >> kind >> low >> high >> grad >> rank;
  std::vector<int64_t> shape(rank);
  for (int64_t& length : shape) std::cin >> length;
  if (kind == "list") {
    inputs.lists.emplace_back(shape.at(0), static_cast<int64_t>(low));
  } else {
    inputs.tensors.push_back(make_tensor(kind, low, high, shape, index).requires_grad_(grad));
  }
}

class Case {
 public:
  static Case read() {
    Case prepared;
    std::string name;
    size_t count = 0;
    std::cin >> name >> prepared.backward_ >> count;
    prepared.loss_ = kLosses.at(name);
    for (size_t index = 0; index < count; ++index) read_input(index, prepared.inputs_);
    const Tensors& tensors = prepared.inputs_.tensors;
    std::ranges::copy_if(tensors, std::back_inserter(prepared.leaves_),
                         [](const Tensor& tensor) { return tensor.requires_grad(); });
    return prepared;
  }

  double value() const { return loss_(inputs_).item<double>(); }

  double seconds_of(int64_t calls) {
    const auto start = std::chrono::steady_clock::now();
    for (int64_t call = 0; call < calls; ++call) step();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

 private:
  void step() {
    const Tensor loss = loss_(inputs_);
    if (!backward_) return;
    loss.backward();
    for (Tensor& leaf : leaves_) leaf.mutable_grad().reset();
  }

  Loss loss_;
  Inputs inputs_;
  Tensors leaves_;
  bool backward_ = false;
};

}  // namespace

int main(int, char** argv) {
  const torch_losses::WarningScope warnings;
  at::set_num_threads(std::stoi(argv[1]));
  std::printf("{\"version\": \"%s\", \"threads\": %d}\n", TORCH_VERSION, at::get_num_threads());
  std::fflush(stdout);
  Case prepared;
  for (std::string verb; std::cin >> verb;) {
    if (verb == "prepare") {
      prepared = Case();  // so that two are never in memory
      prepared = Case::read();
      std::printf("{\"value\": %.17g}\n", prepared.value());
    } else {
      int64_t calls = 0;
      std::cin >> calls;
      std::printf("{\"seconds\": %.9f}\n", prepared.seconds_of(calls));
    }
    std::fflush(stdout);
  }
}
