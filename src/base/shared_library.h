// A shared library that a program can do without, loaded when it is first needed: its functions are found by
// name, so that nothing links it.
#pragma once

#include <string>

namespace joulecast {

/// Loaded by its name and kept until the program ends.
class SharedLibrary {
 public:
  /// Where the loader finds no library of this name, or cannot load it, fault() tells.
  explicit SharedLibrary(const char* name);

  /// Sets a pointer to the function of this name. If there is none it is null, and fault() names it.
  template <class Function>
  void find(const char* name, Function& function) {
    function = reinterpret_cast<Function>(address_of(name));
  }
  /// Why the library cannot be used; empty if it can.
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  void* address_of(const char* name);

  std::string name_;
  void* handle_ = nullptr;
  std::string fault_;
};

}  // namespace joulecast
