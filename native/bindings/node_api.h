// The only place that includes Node-API, with the macros that select its behaviour.
#pragma once

#ifndef NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
// A worker terminated while a binding throws must not take the process down.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#endif

#include <napi.h>
