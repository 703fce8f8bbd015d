#pragma once

// Tables from files of separated values.

#include "rappel/models/data_error.hpp"
#include "rappel/models/table.hpp"

#include <string>

namespace rappel {

struct CsvOptions {
  char separator = ',';  // any character but a quote or the end of a line
  bool header = true;    // the first line names the columns; otherwise they are c1, c2, ..
};

// Reads `path`. A cell may stand in quotes (RFC 4180): then it may hold separators and line ends, and "" is a
// quote. Lines end in LF, CRLF or CR, the last one need not; blank lines at the end and a byte order mark are
// ignored. Blanks around a name and around quotes do not count.
// Throws FileError if the file cannot be opened or read (a directory cannot); DataError, naming line and
// column, for an empty file, a header without rows, a line with more or fewer cells than the first, an empty
// or repeated name, an open quote, text after a closing quote, and what is no text (a zero byte, UTF-16);
// std::invalid_argument for a separator that cannot be one.
Table read_csv(const std::string& path, const CsvOptions& options = {});

// The same from memory; `file` is what messages call it.
Table parse_csv(std::string text, const std::string& file, const CsvOptions& options = {});

}  // namespace rappel
