// The errors of every operation and its derivatives, in ulp, on every path of this machine; see --help.

#include "accuracy/plot.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <mutex>
#include <thread>

namespace rappel::accuracy {
namespace {

constexpr const char* help =
    R"(accuracy: errors in ulp of each operation's value, first and second partials against 100 digits

  --only NAME      measure this operation; may be given more than once
  --points N       points of each operation (2000; the long run: 1000000, of which
                   bessel_j0, j1, y0, y1 and log_beta take a tenth)
  --seed S         of the points (1)
  --path P         scalar, baseline, avx2 or avx512 alone
  --details        a line for each region, path and order of derivative
  --no-comparison  without differences, the complex step and peers
  --jobs J         operations at a time (the processor's threads)
  --list           the names
  --csv F  --json F  --markdown F
                   write the results; --markdown as docs/accuracy.md
  --plot F         error against the step of central differences, a bar for each method: svg, png or pdf, by gnuplot
  --help

Exit status: 0 if every bound holds, 1 if one is exceeded, 2 for a mistake in the command line or a file that cannot be
written.
)";

struct Options {
  MeasureOptions measure;
  std::vector<std::string> only;
  std::string csv, json, markdown, plot;
  std::size_t jobs = std::max(1u, std::thread::hardware_concurrency());
  bool details = false, comparison = true, list = false, help = false;
};

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::size_t whole_number(const std::string& option, const std::string& text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty())
    throw UsageError(option + " is " + text + ", not a whole number");
  return value;
}

const std::string& checked_name(const std::string& name) {
  for (const Subject& s : subjects())
    if (s.name == name) return name;
  throw UsageError("--only " + name + ": there is no such operation; --list names them");
}

const std::string& checked_path(const std::string& name) {
  for (const Path& path : paths())
    if (path.name == name) {
      if (path.kernels == nullptr) throw UsageError("--path " + name + ": this processor does not have it");
      return name;
    }
  throw UsageError("--path " + name + ": scalar, baseline, avx2 or avx512");
}

Options parsed(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& option = arguments[i];
    const auto value = [&]() -> const std::string& {
      if (i + 1 == arguments.size()) throw UsageError(option + " needs a value");
      return arguments[++i];
    };
    if (option == "--only")
      options.only.push_back(checked_name(value()));
    else if (option == "--points")
      options.measure.points = whole_number(option, value());
    else if (option == "--seed")
      options.measure.seed = whole_number(option, value());
    else if (option == "--path")
      options.measure.path = checked_path(value());
    else if (option == "--jobs")
      options.jobs = std::max<std::size_t>(1, whole_number(option, value()));
    else if (option == "--csv")
      options.csv = value();
    else if (option == "--json")
      options.json = value();
    else if (option == "--markdown")
      options.markdown = value();
    else if (option == "--plot")
      options.plot = value();
    else if (option == "--details")
      options.details = true;
    else if (option == "--no-comparison")
      options.comparison = false;
    else if (option == "--list")
      options.list = true;
    else if (option == "--help")
      options.help = true;
    else
      throw UsageError("unknown option " + option + "; --help names them");
  }
  return options;
}

std::vector<const Subject*> chosen(const Options& options, std::vector<std::string>& missing) {
  std::vector<const Subject*> result;
  for (const Subject& s : subjects()) {
    if (!options.only.empty() && std::ranges::find(options.only, s.name) == options.only.end()) continue;
    if (s.record != nullptr)
      result.push_back(&s);
    else
      missing.push_back(s.name);
  }
  return result;
}

// Some references take up to milliseconds: a tenth of the points in long runs.
MeasureOptions limited(const Subject& subject, MeasureOptions options) {
  if (subject.costly && options.points >= 100000) options.points /= 10;
  return options;
}

// Operation by operation on so many threads.
Report run(const Options& options) {
  Report report;
  report.options = options.measure;
  const std::vector<const Subject*> all = chosen(options, report.missing);
  const std::size_t compared_points = std::clamp<std::size_t>(options.measure.points / 20, 20, 400);
  report.measurements.resize(all.size());
  std::atomic<std::size_t> next{0};
  std::mutex progress;
  const auto work = [&] {
    for (std::size_t i; (i = next++) < all.size();) {
      report.measurements[i] = measure(*all[i], limited(*all[i], options.measure));
      if (options.measure.points < 100000) continue;
      const std::lock_guard lock(progress);
      std::cerr << all[i]->name << (report.measurements[i].holds() ? "" : ": EXCEEDED") << std::endl;
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t t = 1; t < std::min(options.jobs, all.size()); ++t) others.emplace_back(work);
    work();
  }
  if (!options.comparison) return report;
  for (const Subject* subject : all) {  // one after the other: peers keep tapes of their own
    if (subject->num_operands != 1) continue;
    Comparison c = compare(*subject, compared_points, options.measure.seed);
    if (c.num_points > 0) report.comparisons.push_back(std::move(c));
  }
  return report;
}

template <class Write>
void write_file(const std::string& path, Write write) {
  if (path.empty()) return;
  std::ofstream file(path);
  write(file);
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path);
}

int run_program(const Options& options) {
  if (options.help) {
    std::cout << help;
    return 0;
  }
  if (options.list) {
    for (const Subject& s : subjects())
      std::cout << s.name << (s.record ? "" : " (not in the library)") << '\n';
    return 0;
  }
  const Report report = run(options);
  write_table(std::cout, report, options.details);
  write_file(options.csv, [&](std::ostream& out) { write_csv(out, report); });
  write_file(options.json, [&](std::ostream& out) { write_json(out, report); });
  write_file(options.markdown, [&](std::ostream& out) { write_markdown(out, report); });
  if (!options.plot.empty()) plot(options.plot, report);
  return std::ranges::all_of(report.measurements, [](const Measurement& m) { return m.holds(); }) ? 0 : 1;
}

}  // namespace
}  // namespace rappel::accuracy

int main(int argc, char** argv) {
  try {
    return rappel::accuracy::run_program(rappel::accuracy::parsed({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    std::cerr << "accuracy: " << error.what() << '\n';
    return 2;
  }
}
