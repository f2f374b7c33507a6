// The loader addon: opens libtorch's shared libraries for lib/bindings/libtorch/load.ts, before the
// addon that is linked to libtorch is loaded.
//
// It is linked to the C library alone, so that it loads on a system where libtorch does not.
// load.ts decides which libraries to open, in which order, and what a failure means. Libraries are
// never closed.
#include <dlfcn.h>
#include <link.h>
#include <node_api.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

// Returns the first argument. Throws a JavaScript TypeError and returns an empty string if it is
// not a string.
std::string string_argument(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  size_t length = 0;
  if (napi_get_value_string_utf8(env, argument, nullptr, 0, &length) != napi_ok) {
    napi_throw_type_error(env, nullptr, "expected a string");
    return {};
  }
  std::string text(length, '\0');
  napi_get_value_string_utf8(env, argument, text.data(), length + 1, &length);
  return text;
}

napi_value throw_last_dl_error(napi_env env) {
  const char* message = dlerror();
  napi_throw_error(env, nullptr,
                   message != nullptr ? message : "unknown error of the dynamic linker");
  return nullptr;
}

// open(path: string): void. Opens a library; throws the dynamic linker's message if that fails.
// Symbols are bound lazily: libtorch has 43,000 internal references, and binding them all takes a
// fifteenth of the start-up time. The addon's own symbols are bound at once (CMakeLists.txt).
napi_value open(napi_env env, napi_callback_info info) {
  const std::string path = string_argument(env, info);
  if (!path.empty() && dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE) == nullptr) {
    return throw_last_dl_error(env);
  }
  return nullptr;
}

// mapped(fileName: string): string[]. Returns the paths of loaded libraries with that file name.
napi_value mapped(napi_env env, napi_callback_info info) {
  struct Search {
    std::string file_name;
    std::vector<std::string> paths;
  } search{"/" + string_argument(env, info), {}};
  dl_iterate_phdr(
      [](dl_phdr_info* library, size_t, void* data) {
        auto& search = *static_cast<Search*>(data);
        const std::string_view path = library->dlpi_name;
        if (path.ends_with(search.file_name)) {
          search.paths.emplace_back(path);
        }
        return 0;
      },
      &search);
  napi_value result;
  napi_create_array(env, &result);
  for (uint32_t i = 0; i < search.paths.size(); ++i) {
    napi_value path;
    napi_create_string_utf8(env, search.paths[i].data(), search.paths[i].size(), &path);
    napi_set_element(env, result, i, path);
  }
  return result;
}

// torchVersion(path: string): string. Returns the version, such as "2.13.0", that the libtorch_cpu
// at that path reports. It must be open already.
napi_value torch_version(napi_env env, napi_callback_info info) {
  const std::string path = string_argument(env, info);
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  void* symbol = library == nullptr ? nullptr : dlsym(library, "aoti_torch_abi_version");
  if (symbol == nullptr) {
    return throw_last_dl_error(env);
  }
  // The first three bytes are major, minor and patch (torch/headeronly/version.h).
  const uint64_t version = reinterpret_cast<uint64_t (*)()>(symbol)();
  const std::string text = std::to_string(version >> 56) + "." +
                           std::to_string(version >> 48 & 0xff) + "." +
                           std::to_string(version >> 40 & 0xff);
  napi_value result;
  napi_create_string_utf8(env, text.data(), text.size(), &result);
  return result;
}

}  // namespace

NAPI_MODULE_INIT(/* env, exports */) {
  const napi_property_descriptor functions[] = {
      {"open", nullptr, open, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"mapped", nullptr, mapped, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"torchVersion", nullptr, torch_version, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, std::size(functions), functions);
  return exports;
}
