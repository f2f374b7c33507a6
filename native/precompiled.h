// Headers that most files of the addon include, directly or through others. CMakeLists.txt compiles them once for all
// files. A file still includes what it uses: builds through ccache leave this header out.
#pragma once

#include "loader/glibc_compat.h"

#include <ATen/core/Tensor.h>
#include <napi.h>
#include <torch/csrc/autograd/function.h>
