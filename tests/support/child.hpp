#pragma once

// How much memory something takes at its peak: measured in a child process, as the peak of its resident set is never
// set back.

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <limits>

namespace rappel::test {

// Bytes of the resident set of this process now.
inline double resident_bytes() {
  long pages = 0;
  if (std::FILE* statm = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(statm, "%*d %ld", &pages) != 1) pages = 0;
    std::fclose(statm);
  }
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

inline double peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return 1024.0 * static_cast<double>(usage.ru_maxrss);
}

// work() in a forked child: the number that it returns, or NaN where the child failed. Call it while the process is small.
template <class Work>
double in_child(Work work) {
  int ends[2];
  if (pipe(ends) != 0) return std::numeric_limits<double>::quiet_NaN();
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    malloc_trim(0);
    const double result = work();
    const bool written = write(ends[1], &result, sizeof result) == static_cast<ssize_t>(sizeof result);
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  double result = 0.0;
  if (child < 0 || read(ends[0], &result, sizeof result) != static_cast<ssize_t>(sizeof result))
    result = std::numeric_limits<double>::quiet_NaN();
  close(ends[0]);
  if (child > 0) waitpid(child, nullptr, 0);
  return result;
}

// Bytes that work() adds to the resident set at its peak.
template <class Work>
double peak_bytes_of(Work work) {
  return in_child([&] {
    const double before = resident_bytes();
    work();
    return peak_resident_bytes() - before;
  });
}

}  // namespace rappel::test
