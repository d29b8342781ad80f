#include "base/shared_library.h"

#include <dlfcn.h>

#include <fmt/format.h>

namespace joulecast {

SharedLibrary::SharedLibrary(const char* name) : name_(name), handle_(::dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ != nullptr) return;
  const char* why = ::dlerror();  // NOLINT(concurrency-mt-unsafe): of this thread, with glibc
  fault_ = why != nullptr ? why : fmt::format("{} cannot be loaded", name);
}

void* SharedLibrary::address_of(const char* name) {
  if (handle_ == nullptr) return nullptr;
  void* address = ::dlsym(handle_, name);
  if (address == nullptr && fault_.empty()) fault_ = fmt::format("{} lacks {}", name_, name);
  return address;
}

}  // namespace joulecast
