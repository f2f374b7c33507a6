// Source: torch/csrc/Exceptions.cpp, PyWarningHandler: what Python shows of a C++ warning.
#include "bindings/warnings.h"

#include <variant>

namespace torch_losses {
namespace {

thread_local WarningScope* innermost = nullptr;

WarningCategory category_of(const c10::Warning& warning) {
  const bool deprecation = std::holds_alternative<c10::DeprecationWarning>(warning.type());
  return deprecation ? WarningCategory::Deprecation : WarningCategory::User;
}

// Python reports a C++ warning at the line that called into C++, so it adds where in C++ that was,
// except to a verbatim warning, which brought a Python line of its own.
std::string text_of(const c10::Warning& warning) {
  const c10::SourceLocation& location = warning.source_location();
  if (location.file == nullptr || warning.verbatim()) return warning.msg();
  return c10::str(warning.msg(), " (Triggered internally at ", location.file, ":", location.line,
                  ".)");
}

}  // namespace

WarningScope::WarningScope() : outer_(innermost), guard_(this) { innermost = this; }

WarningScope::~WarningScope() { innermost = outer_; }

void WarningScope::process(const c10::Warning& warning) {
  add({category_of(warning), WarningOrigin::Caller, text_of(warning)});
}

void warn(Warning warning) {
  TORCH_INTERNAL_ASSERT(innermost != nullptr, "a warning outside any WarningScope: ", warning.text);
  innermost->add(std::move(warning));
}

}  // namespace torch_losses
