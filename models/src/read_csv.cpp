#include "rappel/models/read_csv.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

namespace rappel {

namespace {

std::string text_of_file(const std::string& path) {
  const auto fail = [&] { return FileError("cannot read " + printable(path) + ": " + std::strerror(errno)); };
  const auto close = [](std::FILE* f) { std::fclose(f); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
  if (!file) throw fail();
  // In pieces to the end: a pipe does not know its size.
  std::string text;
  for (std::size_t size = 0, piece = std::size_t{1} << 16;; piece = size) {
    text.resize(size + piece);
    const std::size_t got = std::fread(text.data() + size, 1, piece, file.get());
    size += got;
    if (got == piece) continue;
    if (std::ferror(file.get()) != 0) throw fail();
    text.resize(size);
    return text;
  }
}

}  // namespace

Table read_csv(const std::string& path, const CsvOptions& options) {
  return parse_csv(text_of_file(path), printable(path), options);
}

}  // namespace rappel
