/**
 * Files in the safetensors format, with the names of the Python package. See https://huggingface.co/docs/safetensors
 *
 * Each function is loaded on first use.
 */
import type * as opening from '../serialization/safe_open';
import type * as files from '../serialization/safetensors';
import { onFirstUse } from '../utils/on_first_use';

export type { SafeOpen, SafeOpenOptions, SafeSlice } from '../serialization/safe_open';
export type { NamedTensors } from '../serialization/safetensors';

export declare const load_file: typeof files.load_file;
export declare const save_file: typeof files.save_file;
export declare const safe_open: typeof opening.safe_open;
onFirstUse(exports, 'load_file', () => require('../serialization/safetensors').load_file);
onFirstUse(exports, 'save_file', () => require('../serialization/safetensors').save_file);
onFirstUse(exports, 'safe_open', () => require('../serialization/safe_open').safe_open);
