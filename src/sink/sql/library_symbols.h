// Functions of a library that is loaded while the program runs.
#pragma once

#include <dlfcn.h>

namespace ctk::sink::sql {

/// False where the library has no function of that name.
template <class Function>
bool find_symbol(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace ctk::sink::sql
