#pragma once

// Runs the command as a user would, in a folder of its own, without a shell.

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace rappel::test {

namespace fs = std::filesystem;

inline std::string content_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

struct Ended {
  int status;
  std::string out, err;
};

// A folder that holds the shipped data, and goes with the object.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "rappel_command_XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
    for (const char* file : {"sacramento.csv", "penguins.csv"})
      fs::copy(fs::path(RAPPEL_DATA_DIR) / file, path_);
  }
  ~Folder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  fs::path operator/(const std::string& file) const { return path_ / file; }
  void write(const std::string& file, const std::string& text) const {
    std::ofstream(path_ / file, std::ios::binary) << text;
  }
  std::string read(const std::string& file) const { return content_of(path_ / file); }
  bool has(const std::string& file) const { return fs::exists(path_ / file); }
  // Sorted; the shipped data are not listed.
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path_)) {
      const std::string name = entry.path().filename().string();
      if (name != "sacramento.csv" && name != "penguins.csv" && name[0] != '.') names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  // `rappel arguments..`, run here.
  Ended run(const std::vector<std::string>& arguments) const {
    return start(arguments, (path_ / ".out").string());
  }
  // The same with words separated by blanks.
  Ended run(const std::string& line) const { return run(words_of(line)); }
  // Standard output goes to a file or device; it is closed if `out` is empty.
  Ended run_to(const std::string& out, const std::string& line) const { return start(words_of(line), out); }

  // A signal once so many files are there (the shipped data are not counted).
  Ended run_interrupted(const std::string& line, std::size_t num_files, int signal) const {
    const std::string out = (path_ / ".out").string();
    const pid_t child = child_of(words_of(line), out);
    for (int i = 0; i < 5000 && files().size() < num_files; ++i) usleep(1000);
    usleep(20000);  // past the moment between making the file and being ready for the signal
    kill(child, signal);
    return ended(child, out);
  }

 private:
  static std::vector<std::string> words_of(const std::string& line) {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
  }
  Ended start(const std::vector<std::string>& arguments, const std::string& out) const {
    return ended(child_of(arguments, out), out);
  }
  Ended ended(pid_t child, const std::string& out) const {
    int status = 0;
    waitpid(child, &status, 0);
    const bool read_out = fs::is_regular_file(out);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status),
            read_out ? content_of(out) : "", content_of(path_ / ".err")};
  }
  pid_t child_of(const std::vector<std::string>& arguments, const std::string& out) const {
    const std::string err = (path_ / ".err").string(), folder = path_.string();
    std::vector<char*> words = {const_cast<char*>("rappel")};
    for (const std::string& a : arguments) words.push_back(const_cast<char*>(a.c_str()));
    words.push_back(nullptr);
    const pid_t child = fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
      const int in = open("/dev/null", O_RDONLY);
      const int o = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600),
                e = open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      dup2(in, 0), dup2(o, 1), dup2(e, 2);
      if (out.empty()) close(1);
      if (chdir(folder.c_str()) != 0) _exit(126);
      execv(RAPPEL_COMMAND, words.data());
      _exit(127);
    }
    return child;
  }

  fs::path path_;
};

// One line on standard error, nothing on standard output, that status; the line holds every one of `parts`.
inline void check_refused(const Ended& ended, int status, const std::vector<std::string>& parts) {
  BOOST_TEST(ended.status == status, "status " << ended.status << ", " << ended.err);
  BOOST_TEST(ended.out == "");
  BOOST_TEST(std::count(ended.err.begin(), ended.err.end(), '\n') == 1, ended.err);
  for (const std::string& part : parts)
    BOOST_TEST(ended.err.find(part) != std::string::npos, "'" << part << "' is not in: " << ended.err);
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

}  // namespace rappel::test
