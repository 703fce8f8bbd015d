#pragma once

// Arrays of a few megabytes and more in large pages. The system hands out memory 4 kB at a time and clears it at each first use: a
// quarter of the time of recording 10^6 operations. In pages of 2 MB, which have to be asked for before the first use, that is
// nearly gone. Smaller arrays stay as they are: they would keep memory that they do not use.

#include <algorithm>
#include <cstddef>
#include <vector>

namespace rappel::detail {

inline constexpr std::size_t large_array_bytes = std::size_t{2} << 20;

// Asks for large pages inside of this memory, which nothing was written to yet. The system may decline.
void ask_for_large_pages(void* memory, std::size_t bytes);

template <class T>
void reserve_large(std::vector<T>& array, std::size_t size) {
  if (size <= array.capacity()) return;
  if (size * sizeof(T) < large_array_bytes) return array.reserve(size);
  std::vector<T> larger;
  larger.reserve(size);
  ask_for_large_pages(larger.data(), size * sizeof(T));
  larger.insert(larger.end(), array.begin(), array.end());
  array.swap(larger);
}

// So many equal elements.
template <class T>
std::vector<T> large_array(std::size_t size, const T& value) {
  std::vector<T> array;
  reserve_large(array, size);
  array.assign(size, value);
  return array;
}

// Before so many are appended: grows as push_back does.
template <class T>
void make_room(std::vector<T>& array, std::size_t more = 1) {
  if (array.capacity() - array.size() < more) reserve_large(array, std::max(array.size() + more, 2 * array.capacity()));
}

}  // namespace rappel::detail
