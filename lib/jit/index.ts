/** `torch.jit`: modules that Python exported. See https://docs.pytorch.org/docs/stable/jit.html */
import { onFirstUse } from '../utils/on_first_use';
import type * as files from './load';
import type * as modules from './script_module';

// Everything is loaded on first use.
export declare const load: typeof files.load;
export declare const save: typeof files.save;
export declare const ScriptModule: typeof modules.ScriptModule;
// biome-ignore lint/suspicious/noExplicitAny: as of Module
export type ScriptModule<Args extends unknown[] = any[], Result = any> = modules.ScriptModule<
  Args,
  Result
>;
onFirstUse(exports, 'load', () => require('./load').load);
onFirstUse(exports, 'save', () => require('./load').save);
onFirstUse(exports, 'ScriptModule', () => require('./script_module').ScriptModule);
