#pragma once

// What can be wrong with a file: its content, or that it cannot be read at all.

#include <stdexcept>
#include <string>
#include <string_view>

namespace rappel {

// The content of a file is wrong. what() is one line: file, line, column, what is there and what to do, as in
// "houses.csv:17: column beds: 'abc' is not a number; ...". The command's exit status is 5.
class DataError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A file cannot be opened, read or written: the caller named the wrong one. The command's exit status is 2,
// as for every std::invalid_argument.
class FileError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

// `text` on one line: control characters become '?'.
std::string printable(std::string_view text);

// The same in single quotes, cut after 40 bytes: 'abc', 'Lorem ipsum dolor sit amet, consectetur..'.
std::string in_quotes(std::string_view text);

}  // namespace rappel
