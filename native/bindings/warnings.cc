// Source: PyWarningHandler of torch/csrc/Exceptions.cpp.
#include "bindings/warnings.h"

#include <variant>

namespace torch_losses {
namespace {

thread_local WarningScope* innermost = nullptr;

WarningCategory category_of(const c10::Warning& warning) {
  const bool deprecation = std::holds_alternative<c10::DeprecationWarning>(warning.type());
  return deprecation ? WarningCategory::Deprecation : WarningCategory::User;
}

// Returns the text that Python shows for a C++ warning. Python reports the line that called into
// C++, and appends the position in C++; not for a verbatim warning, whose text names a Python line.
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
