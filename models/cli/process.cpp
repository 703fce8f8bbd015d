#include "process.hpp"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

namespace rappel::cli {

namespace {

// Read by a signal handler, which may neither allocate nor lock.
constexpr int max_files = 8;
char unfinished[max_files][PATH_MAX];
volatile std::sig_atomic_t num_unfinished = 0;

extern "C" void remove_unfinished(int signal) {
  for (int i = 0; i < num_unfinished; ++i) unlink(unfinished[i]);
  raise(signal);  // SA_RESETHAND: ends the process, which then says by what
}

}  // namespace

void fail_writes_beyond_limits() { std::signal(SIGXFSZ, SIG_IGN); }

void keep_standard_files_apart() {
  for (int fd = 0; fd <= 2; ++fd)
    if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDONLY) != fd) _exit(1);
}

void remove_when_interrupted(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return;
  const std::string whole = std::filesystem::absolute(path, error).string();
  if (num_unfinished == max_files || whole.size() >= PATH_MAX) return;
  unfinished[num_unfinished][whole.copy(unfinished[num_unfinished], PATH_MAX - 1)] = '\0';
  num_unfinished = num_unfinished + 1;
  struct sigaction action = {};
  action.sa_handler = remove_unfinished;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now = {};
    // What is ignored, as by nohup, stays so.
    if (sigaction(signal, nullptr, &now) == 0 && now.sa_handler != SIG_IGN)
      sigaction(signal, &action, nullptr);
  }
}

}  // namespace rappel::cli
