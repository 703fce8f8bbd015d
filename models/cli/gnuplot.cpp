#include "gnuplot.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace rappel::cli {

namespace {

bool is_installed(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (!folder.empty() && access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  return false;
}

std::string terminal_for(const std::string& option, const std::string& path) {
  const std::string ending = std::filesystem::path(path).extension().string();
  if (ending == ".png") return "pngcairo noenhanced size 1000,700 font ',11'";
  if (ending == ".svg") return "svg noenhanced size 1000,700 font ',13' background '#ffffff'";
  if (ending == ".pdf") return "pdfcairo noenhanced size 10,7 font ',11'";
  throw std::invalid_argument(option + " is " + in_quotes(path) +
                              ", its name must end in .png, .svg or .pdf");
}

const std::string& checked(const std::string& option, const std::string& path) {
  if (!is_installed("gnuplot"))
    throw std::invalid_argument(
        option + " needs gnuplot, which is not installed (Debian: apt-get install gnuplot-nox)");
  return path;
}

struct CloseFile {
  void operator()(std::FILE* f) const { std::fclose(f); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

File temporary_file() {
  File file(std::tmpfile());
  if (!file) throw std::runtime_error("cannot make a temporary file");
  return file;
}

// Exit status of `gnuplot -d` (no start-up files of the user's), fed from and speaking to the files.
int run_gnuplot(std::FILE* script, std::FILE* messages) {
  const int in = fileno(script), out = fileno(messages);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot start gnuplot");
  if (child == 0) {
    dup2(in, STDIN_FILENO), dup2(out, STDOUT_FILENO), dup2(out, STDERR_FILENO);
    execlp("gnuplot", "gnuplot", "-d", static_cast<char*>(nullptr));
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

std::string first_lines(std::FILE* file) {
  char text[400];
  std::rewind(file);
  return printable(std::string(text, std::fread(text, 1, sizeof text, file)));
}

void add_number(std::string& text, double value) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  text.append(digits, end);
}

}  // namespace

Picture::Picture(const std::string& option, const std::string& path)
    : terminal_(terminal_for(option, path)), file_(checked(option, path)) {}

void Picture::draw(const std::string& commands) {
  const File script = temporary_file(), messages = temporary_file();
  const std::string text = "set terminal " + terminal_ + "\nset output " + gnuplot_text(file_.temporary()) +
                           "\nset grid\n" + commands + "\nset output\n";
  if (std::fwrite(text.data(), 1, text.size(), script.get()) != text.size() || std::fflush(script.get()) != 0)
    throw std::runtime_error("cannot write a temporary file for gnuplot");
  std::rewind(script.get());
  if (run_gnuplot(script.get(), messages.get()) != 0)
    throw std::runtime_error("gnuplot could not draw " + file_.path() + ": " + first_lines(messages.get()));
  file_.keep();
}

std::string gnuplot_text(const std::string& text) {
  std::string quoted = "'";
  for (const char c : printable(text)) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

std::string gnuplot_data(const std::string& name, const std::vector<PlotPoint>& points) {
  constexpr std::size_t most = 20000;
  const std::size_t stride = (points.size() + most - 1) / most;
  std::string text = "$" + name + " << end_of_data\n";
  for (std::size_t i = 0; i < points.size(); i += stride) {
    if (!std::isfinite(points[i].x) || !std::isfinite(points[i].y)) continue;
    add_number(text, points[i].x);
    text += ' ';
    add_number(text, points[i].y);
    text += '\n';
  }
  return text + "end_of_data\n";
}

}  // namespace rappel::cli
