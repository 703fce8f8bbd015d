#pragma once

// Where in the user's source a node was written.

#include <cstdint>

namespace rappel {

// A place in a source file; as a default argument `Location at = Location::here()` it is that of the caller.
struct Location {
  const char* file = "";  // a string literal's, it lives for ever
  // Without padding a Location is passed in registers. Beside a gap of 4 bytes compilers write it to the stack in two sizes
  // and read it in one, which waits for the write: 13 cycles for each operation that is recorded.
  std::int64_t line = 0;
  static constexpr Location here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

// A place in 4 bytes: number of the file and line; 0 is no place. Files are numbered for the whole process.
using LocationId = std::uint32_t;

// Lines from 2^20 on, and files from the 4,096th on, are no place.
LocationId id_of(const Location& at);
// The file by its last path component.
Location location_of(LocationId id);

namespace detail {
bool is_inside_eigen(LocationId id);
}

}  // namespace rappel
