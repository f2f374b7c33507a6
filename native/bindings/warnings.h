// Warnings raised below JavaScript: libtorch's own (TORCH_WARN) and those of our ports of Python.
#pragma once

#include <c10/util/Exception.h>

#include <string>
#include <utility>
#include <vector>

namespace torch_losses {

// Python's category classes; the order is known to lib/bindings/warnings.ts.
enum class WarningCategory { User, Deprecation, Future };

// Which line Python would report, and so how often the warning is shown: the caller of the function
// that warns (`stacklevel=2` in a functional), or a line inside torch itself (`stacklevel=2` in a
// helper of that functional).
enum class WarningOrigin { Caller, Torch };

struct Warning {
  WarningCategory category;
  WarningOrigin origin;
  std::string text;
};

// Collects the warnings of the current thread while it lives; scopes nest, and the innermost
// collects.
class WarningScope final : public c10::WarningHandler {
 public:
  WarningScope();
  ~WarningScope() override;
  WarningScope(const WarningScope&) = delete;
  WarningScope& operator=(const WarningScope&) = delete;

  void process(const c10::Warning& warning) override;
  void add(Warning warning) { warnings_.push_back(std::move(warning)); }
  std::vector<Warning> take() { return std::exchange(warnings_, {}); }
  bool empty() const { return warnings_.empty(); }

 private:
  std::vector<Warning> warnings_;
  WarningScope* outer_;
  c10::WarningUtils::WarningHandlerGuard guard_;
};

// Adds to the innermost scope of this thread. Every native call from JavaScript runs in one.
void warn(Warning warning);

}  // namespace torch_losses
