// Warnings raised in C++: libtorch's own (TORCH_WARN), and those of PyTorch's Python code that is
// ported here.
#pragma once

#include <c10/util/Exception.h>

#include <string>
#include <utility>
#include <vector>

namespace torch_losses {

// Python's warning categories; lib/bindings/warnings.ts relies on the order.
enum class WarningCategory { User, Deprecation, Future };

// The line that Python reports, which decides how often a warning appears: the caller of the
// function that warns (`stacklevel=2` in a functional), or a line inside torch itself
// (`stacklevel=2` in a helper of that functional). lib/bindings/warnings.ts relies on the order.
enum class WarningOrigin { Caller, Torch };

struct Warning {
  WarningCategory category;
  WarningOrigin origin;
  std::string text;
};

// Collects the warnings of the current thread while it exists. Scopes nest; the innermost collects.
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

// Adds the warning to this thread's innermost scope. Every native call from JavaScript has one.
void warn(Warning warning);

}  // namespace torch_losses
