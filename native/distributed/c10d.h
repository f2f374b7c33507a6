// Includes c10d, with Gloo, for the other files here. A libtorch that was built without distributed
// lacks c10d, and the addon has to load there too. So every symbol of c10d that the addon uses is
// declared weak below, and every call from JavaScript checks `is_available`.
// test/distributed/symbols.test.ts checks the list.
#pragma once

#include "bindings/node_api.h"

#define USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/GroupRegistry.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupWrapper.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/distributed/c10d/logger.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>

// clang-format off
#ifdef __linux__
asm(".weak _ZN4c10d11PrefixStoreC1ENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEN3c1013intrusive_ptrINS_5StoreENS7_6detail34intrusive_target_default_null_typeIS9_EEEE");
asm(".weak _ZN4c10d11debug_levelEv");
asm(".weak _ZN4c10d12ProcessGroupC1EN3c1013intrusive_ptrINS_5StoreENS1_6detail34intrusive_target_default_null_typeIS3_EEEEii");
asm(".weak _ZN4c10d16ProcessGroupGloo7Options14create_defaultENSt6chrono8durationIlSt5ratioILl1ELl1000EEEE");
asm(".weak _ZN4c10d16ProcessGroupGlooC1ERKN3c1013intrusive_ptrINS_5StoreENS1_6detail34intrusive_target_default_null_typeIS3_EEEEiiNS2_INS0_7OptionsENS5_ISA_EEEE");
asm(".weak _ZN4c10d19ProcessGroupWrapperC1ERKN3c1013intrusive_ptrINS_7BackendENS1_6detail34intrusive_target_default_null_typeIS3_EEEES7_");
asm(".weak _ZN4c10d22register_process_groupERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEERKN3c1013intrusive_ptrINS_12ProcessGroupENS8_6detail34intrusive_target_default_null_typeISA_EEEE");
asm(".weak _ZN4c10d21resolve_process_groupERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE");
asm(".weak _ZN4c10d24unregister_process_groupERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE");
asm(".weak _ZN4c10d28setDebugLevelFromEnvironmentEv");
asm(".weak _ZN4c10d8TCPStoreC1ENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEERKNS_15TCPStoreOptionsE");
asm(".weak _ZN4c10d9FileStoreC1ENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEi");
asm(".weak _ZN4c10d19broadcast_coalescedERKN3c1013intrusive_ptrINS_12ProcessGroupENS0_6detail34intrusive_target_default_null_typeIS2_EEEENS0_8ArrayRefIN2at6TensorEEEmi");
asm(".weak _ZN4c10d30verify_params_across_processesERKN3c1013intrusive_ptrINS_12ProcessGroupENS0_6detail34intrusive_target_default_null_typeIS2_EEEERKSt6vectorIN2at6TensorESaISB_EERKSt8optionalISt8weak_ptrINS_6LoggerEEE");
asm(".weak _ZN4c10d33compute_bucket_assignment_by_sizeERKSt6vectorIN2at6TensorESaIS2_EERKS0_ImSaImEERKS0_IbSaIbEERKS0_IlSaIlEERKSt8optionalISt8weak_ptrINS_6LoggerEEE");
asm(".weak _ZN4c10d6detail22parseCppCommHookResultERKN3c106IValueE");
asm(".weak _ZN4c10d7Reducer15rebuild_bucketsEv");
asm(".weak _ZN4c10d7Reducer16delay_all_reduceEv");
asm(".weak _ZN4c10d7Reducer16set_static_graphEv");
asm(".weak _ZN4c10d7Reducer18register_comm_hookESt10unique_ptrINS_17CommHookInterfaceESt14default_deleteIS2_EE");
asm(".weak _ZN4c10d7Reducer19prepare_for_forwardEv");
asm(".weak _ZN4c10d7Reducer20prepare_for_backwardERKSt6vectorIN2at6TensorESaIS3_EE");
asm(".weak _ZN4c10d7Reducer21remove_autograd_hooksEv");
asm(".weak _ZN4c10d7ReducerC2ESt6vectorIN2at6TensorESaIS3_EES1_IS1_ImSaImEESaIS7_EEN3c1013intrusive_ptrINS_12ProcessGroupENSA_6detail34intrusive_target_default_null_typeISC_EEEES1_IbSaIbEElbbSt13unordered_mapImNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEESt4hashImESt8equal_toImESaISt4pairIKmSP_EEElbbS1_IlSaIlEEb");
asm(".weak _ZN4c10d7ReducerD2Ev");
asm(".weak _ZN4c10d6LoggerC1ESt10shared_ptrINS_7ReducerEE");
asm(".weak _ZN4c10d6Logger19log_if_graph_staticEb");
asm(".weak _ZN4c10d7Reducer10set_loggerESt8weak_ptrINS_6LoggerEE");
asm(".weak _ZN4c10d7Reducer16ddp_graph_staticEv");
asm(".weak _ZN4c10d7Reducer20update_process_groupEN3c1013intrusive_ptrINS_12ProcessGroupENS1_6detail34intrusive_target_default_null_typeIS3_EEEE");
asm(".weak _ZN4c10d12ProcessGroup10getBackendEN3c1010DeviceTypeE");
asm(".weak _ZN4c10d13setDebugLevelENS_10DebugLevelE");
asm(".weak _ZN4c10d7Reducer13run_comm_hookERNS_10GradBucketE");
asm(".weak _ZN4c10d7Reducer28set_forward_pass_work_handleEN3c1013intrusive_ptrINS_4WorkENS1_6detail34intrusive_target_default_null_typeIS3_EEEEb");
asm(".weak _ZN4c10d7Reducer35push_rebuilt_params_for_all_indicesEv");
asm(".weak _ZNK4c10d19ProcessGroupWrapper12getWrappedPgEv");
asm(".weak _ZNK4c10d7Reducer16get_grad_bucketsEb");
asm(".weak _ZNK4c10d7Reducer28get_local_used_map_on_deviceEv");
asm(".weak _ZTIN4c10d19ProcessGroupWrapperE");
asm(".weak _ZTIN4c10d7BackendE");
asm(".weak _ZNK4c10d7Backend15decref_pyobjectEv");
asm(".weak _ZNK4c10d7Backend15incref_pyobjectEv");
#endif
// clang-format on

namespace torch_losses::distributed {

// Whether this libtorch has c10d.
bool is_available();

// Throws as Python does if it has not.
void require_available();

}  // namespace torch_losses::distributed
