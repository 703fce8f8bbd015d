#pragma once

// A file that is there whole or not at all.

#include <iosfwd>
#include <memory>
#include <string>

namespace rappel {

// Writes beside `path`, and renames when all is written: what stood there before stays until then, and
// nothing is left half-written. What is no regular file (a pipe, /dev/stdout) is written to directly. A
// symbolic link stays one.
class OutputFile {
 public:
  // Throws FileError if the file cannot be written there.
  explicit OutputFile(const std::string& path);
  ~OutputFile();  // removes what was not kept
  OutputFile(OutputFile&&) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;

  std::ostream& stream();
  const std::string& path() const;       // as given
  const std::string& temporary() const;  // where another program may write it, instead of the stream
  // Closes and renames. Throws FileError if not everything could be written.
  void keep();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rappel
