// Includes Node-API, for all other files, after the macros that select its behaviour.
#pragma once

#ifndef NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
// Without it, terminating a worker while a binding throws ends the process.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#endif

#include <napi.h>
