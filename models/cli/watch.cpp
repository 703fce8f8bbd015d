#include "watch.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <ostream>

namespace rappel::cli {

namespace {

// Shortest digits that read back as the same number.
std::string digits_of(double value) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  return {digits, end};
}

}  // namespace

Trace::Trace(std::ostream& out) : out_(out) { out_ << "iteration,cost,gradient_norm,step,seconds\n"; }

void Trace::add(const Progress& p) {
  out_ << p.iteration << ',' << digits_of(p.value) << ',' << digits_of(p.gradient_norm) << ','
       << digits_of(p.step) << ',' << digits_of(p.seconds) << '\n';
}

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
  if (last_ >= 0.0) std::fprintf(stderr, "\r\033[K");
}

void ProgressLine::show(const Progress& p) {
  constexpr double interval = 0.1;  // seconds: an eye follows no faster
  if (!terminal_ || (last_ >= 0.0 && p.seconds < last_ + interval)) return;
  last_ = p.seconds;
  std::fprintf(stderr, "\riteration %ld  cost %.9g  gradient %.2g\033[K", static_cast<long>(p.iteration),
               p.value, p.gradient_norm);
  std::fflush(stderr);
}

}  // namespace rappel::cli
