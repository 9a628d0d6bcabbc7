// What libpng says while it reads or writes a picture.
#pragma once

#include <png.h>

#include <csetjmp>
#include <cstring>

namespace troupe {

/// libpng's callback for errors: leaves through the setjmp. `State`, which libpng was made with, has a `message`.
template <class State>
[[noreturn]] void on_png_error(png_structp png, png_const_charp message) {
  auto* state = static_cast<State*>(png_get_error_ptr(png));
  std::strncpy(state->message, message, sizeof(state->message) - 1);
  png_longjmp(png, 1);
}

/// libpng's callback for warnings: a picture that can be read is read.
inline void on_png_warning(png_structp, png_const_charp) {}

}  // namespace troupe
