/** Files in the safetensors format, with the names of the Python package. See https://huggingface.co/docs/safetensors */
export {
  type SafeOpen,
  type SafeOpenOptions,
  type SafeSlice,
  safe_open,
} from '../serialization/safe_open';
export { load_file, type NamedTensors, save_file } from '../serialization/safetensors';
