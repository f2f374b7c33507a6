// The functions that JavaScript can call, in groups. Each function here adds one group to the
// addon's exports, and is defined in the file named; addon.cc calls them all.
#pragma once

namespace torch_losses {

class Bindings;

void add_environment(Bindings& bindings);       // bindings/environment_calls.cc
void add_sharing(Bindings& bindings);           // bindings/sharing.cc
void add_allocator(Bindings& bindings);         // memory/allocator.cc
void add_mapped_parts(Bindings& bindings);      // memory/mapped_parts.cc
void add_tensors(Bindings& bindings);           // operators/tensors.cc
void add_autograd(Bindings& bindings);          // operators/autograd.cc
void add_hooks(Bindings& bindings);             // operators/hooks.cc
void add_custom_functions(Bindings& bindings);  // operators/custom_function.cc
void add_anomaly_mode(Bindings& bindings);      // operators/anomaly.cc
void add_autocast(Bindings& bindings);          // operators/autocast.cc
void add_operators(Bindings& bindings);         // operators/operators.cc
void add_operator_calls(Bindings& bindings);    // operators/calls.cc
void add_recorded_calls(Bindings& bindings);    // operators/recorded_calls.cc
void add_generators(Bindings& bindings);        // operators/generators.cc
void add_context(Bindings& bindings);           // operators/context.cc
void add_cuda(Bindings& bindings);              // operators/cuda.cc
void add_streams(Bindings& bindings);           // operators/streams.cc
void add_scripts(Bindings& bindings);           // scripts/modules.cc
void add_stores(Bindings& bindings);            // distributed/stores.cc
void add_groups(Bindings& bindings);            // distributed/groups.cc
void add_collectives(Bindings& bindings);       // distributed/collectives.cc
void add_reducers(Bindings& bindings);          // distributed/reducer.cc
void add_comm_hooks(Bindings& bindings);        // distributed/comm_hooks.cc
void add_joins(Bindings& bindings);             // distributed/join.cc

}  // namespace torch_losses
