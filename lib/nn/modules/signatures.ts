/** The parameters of the methods of `Module`. */
import {
  ANYTHING,
  BOOL,
  DEVICE,
  DTYPE,
  FUNCTION,
  optional,
  required,
  Signature,
  STRING,
  type Type,
} from '../../dispatch/signature';
import type { Module } from './module';

type Visitor = (module: Module) => void;

const RECURSE = { recurse: optional(BOOL, true) };
const REMOVE_DUPLICATE = { remove_duplicate: optional(BOOL, true) };
const PREFIX = { prefix: optional(STRING, '') };
const NAMED = { ...PREFIX, ...RECURSE, ...REMOVE_DUPLICATE };

export const SIGNATURES = {
  register_buffer: new Signature('Module.register_buffer', {
    name: required(ANYTHING),
    tensor: required(ANYTHING),
    persistent: optional(BOOL, true),
  }),
  parameters: new Signature('Module.parameters', RECURSE),
  named_parameters: new Signature('Module.named_parameters', NAMED),
  buffers: new Signature('Module.buffers', RECURSE),
  named_buffers: new Signature('Module.named_buffers', NAMED),
  modules: new Signature('Module.modules', REMOVE_DUPLICATE),
  named_modules: new Signature('Module.named_modules', { ...PREFIX, ...REMOVE_DUPLICATE }),
  get_submodule: new Signature('Module.get_submodule', { target: required(STRING) }),
  get_parameter: new Signature('Module.get_parameter', { target: required(STRING) }),
  get_buffer: new Signature('Module.get_buffer', { target: required(STRING) }),
  apply: new Signature('Module.apply', { fn: required(FUNCTION as Type<Visitor>) }),
  to_empty: new Signature('Module.to_empty', { device: required(DEVICE) }),
  state_dict: new Signature('Module.state_dict', { ...PREFIX, keep_vars: optional(BOOL, false) }),
  load_state_dict: new Signature('Module.load_state_dict', {
    state_dict: required(ANYTHING),
    strict: optional(BOOL, true),
    assign: optional(BOOL, false),
  }),
  type: new Signature('Module.type', { dst_type: required(DTYPE) }),
  requires_grad_: new Signature('Module.requires_grad_', { requires_grad: optional(BOOL, true) }),
  zero_grad: new Signature('Module.zero_grad', { set_to_none: optional(BOOL, true) }),
};
