#include <rappel/autodiff/location.hpp>

#include <cstring>
#include <deque>
#include <mutex>
#include <string_view>

namespace rappel {
namespace {

constexpr int line_bits = 20;
constexpr std::size_t max_files = 4096;

struct File {
  const char* path;
  const char* name;  // the last component of path
  bool of_eigen;
};

struct Files {
  std::mutex mutex;
  std::deque<File> files;  // file i has number i + 1

  std::uint32_t number_of(const char* path) {
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < files.size(); ++i)
      if (files[i].path == path || std::strcmp(files[i].path, path) == 0)
        return static_cast<std::uint32_t>(i + 1);
    if (files.size() + 1 >= max_files) return 0;
    const char* slash = std::strrchr(path, '/');
    const std::string_view whole(path);
    files.push_back(
        {path, slash == nullptr ? path : slash + 1,
         whole.find("/Eigen/") != std::string_view::npos || whole.find("eigen3/") != std::string_view::npos});
    return static_cast<std::uint32_t>(files.size());
  }
  File at(std::uint32_t number) {
    const std::lock_guard lock(mutex);
    return files[number - 1];
  }
};

Files& files() {
  static Files all;
  return all;
}

}  // namespace

LocationId id_of(const Location& at) {
  thread_local const char* last_path = nullptr;
  thread_local std::uint32_t last_number = 0;
  if (at.line <= 0 || at.line >= 1 << line_bits) return 0;
  if (at.file != last_path) {
    last_number = files().number_of(at.file);
    last_path = at.file;
  }
  return last_number == 0 ? 0 : last_number << line_bits | static_cast<std::uint32_t>(at.line);
}

Location location_of(LocationId id) {
  if (id == 0) return {};
  return {files().at(id >> line_bits).name, id & ((1u << line_bits) - 1)};
}

bool detail::is_inside_eigen(LocationId id) {
  thread_local std::uint32_t last_number = 0;
  thread_local bool last = false;
  const std::uint32_t number = id >> line_bits;
  if (number == 0) return false;
  if (number != last_number) {
    last = files().at(number).of_eigen;
    last_number = number;
  }
  return last;
}

}  // namespace rappel
