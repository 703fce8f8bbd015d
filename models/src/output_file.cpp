#include "rappel/models/output_file.hpp"

#include "rappel/models/data_error.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace rappel {

namespace fs = std::filesystem;

struct OutputFile::State {
  std::string path;       // as given
  std::string target;     // what it stands for, symbolic links followed
  std::string temporary;  // equal to `target` where that is no regular file
  std::ofstream stream;
  bool kept = false;

  bool direct() const { return temporary == target; }
};

namespace {

[[noreturn]] void cannot_write(const std::string& path, const std::string& why) {
  throw FileError("cannot write " + printable(path) + ": " + why);
}

// Follows links, also one that leads to a file which is not there yet.
std::string followed(const std::string& path) {
  fs::path p = path;
  std::error_code error;
  for (int links = 0; links < 40 && fs::is_symlink(p, error); ++links) {
    const fs::path to = fs::read_symlink(p, error);
    p = to.is_absolute() ? to : p.parent_path() / to;
  }
  return p.string();
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.path = path;
  if (path.empty()) cannot_write("''", "the name is empty");
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  // What /dev/stdout and /dev/fd/3 lead to may have no name.
  s.target = fs::exists(status) && !fs::is_regular_file(status) ? path : followed(path);
  if (fs::is_directory(status)) cannot_write(path, "it is a directory");
  if (fs::exists(status) && access(s.target.c_str(), W_OK) != 0) cannot_write(path, std::strerror(errno));
  const bool direct = fs::exists(status) && !fs::is_regular_file(status);
  s.temporary = direct ? s.target : s.target + ".partial-" + std::to_string(getpid());
  errno = 0;
  s.stream.open(s.temporary, std::ios::binary | std::ios::trunc);
  if (!s.stream) cannot_write(path, std::strerror(errno));
  if (fs::exists(status) && !direct) fs::permissions(s.temporary, status.permissions(), error);
}

OutputFile::OutputFile(OutputFile&&) noexcept = default;

OutputFile::~OutputFile() {
  if (!state_ || state_->kept || state_->direct()) return;
  state_->stream.close();
  std::error_code error;
  fs::remove(state_->temporary, error);
}

std::ostream& OutputFile::stream() { return state_->stream; }
const std::string& OutputFile::path() const { return state_->path; }
const std::string& OutputFile::temporary() const { return state_->temporary; }

void OutputFile::keep() {
  State& s = *state_;
  errno = 0;
  s.stream.close();
  if (!s.stream)
    cannot_write(s.path, errno != 0 ? std::strerror(errno) : "it could not be written to the end");
  if (s.direct()) return;
  std::error_code error;
  fs::rename(s.temporary, s.target, error);
  if (error) cannot_write(s.path, error.message());
  s.kept = true;
}

}  // namespace rappel
