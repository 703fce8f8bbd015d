#pragma once

// What the command owes the process that it runs in.

#include <string>

namespace rappel::cli {

// Where standard input, output or error is closed, the next file that is opened would take its place and be
// written over by messages. Afterwards all three are open; writing to one that was closed still fails.
void keep_standard_files_apart();

// A file beyond the limit of its size is an error of writing, which is told, and not the end by a signal.
void fail_writes_beyond_limits();

// The file, if it is a regular one, goes when the process is interrupted, hung up or told to end.
// At most 8 files. Not to be called from several threads.
void remove_when_interrupted(const std::string& path);

}  // namespace rappel::cli
