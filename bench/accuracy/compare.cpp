#include "compare.hpp"

#include "forms.hpp"
#include "peers.hpp"

namespace rappel::accuracy {
namespace {

constexpr int num_steps = 52;
constexpr int num_ridders = 10;
constexpr double ridders_ratio = 1.4;

double percentile(std::vector<double> errors, double part) {  // of a non-empty set
  const auto k = static_cast<std::ptrdiff_t>(part * static_cast<double>(errors.size() - 1));
  std::nth_element(errors.begin(), errors.begin() + k, errors.end());
  return errors[static_cast<std::size_t>(k)];
}

Errors summary(const std::string& method, const std::vector<double>& errors) {
  if (errors.empty()) return {method, "has no such function"};
  return {method,
          "measured",
          errors.size(),
          percentile(errors, 0.5),
          percentile(errors, 0.99),
          *std::max_element(errors.begin(), errors.end())};
}

// What all methods are asked at.
struct Place {
  double x;
  Exact derivative;
};

std::vector<Place> places(const Subject& subject, std::size_t count, std::uint64_t seed) {
  const Points points = points_of(subject, 8 * count, seed);
  std::vector<Place> result;
  for (std::size_t r = 0; r < points.size() && result.size() < count; ++r) {
    const Region region = points.regions[r];
    if (region != Region::moderate && region != Region::cancellation) continue;
    const double x = points.columns[0][r];
    const Exact derivative = reference_at<Exact>(subject, {&x, 1})[1], size = abs(derivative);
    if (x != 0.0 && size > Exact(1e-300) && size < Exact(1e300)) result.push_back({x, derivative});
  }
  return result;
}

// The library's values at many points at once.
class Values {
 public:
  explicit Values(const Subject& subject) : recorded_(subject.num_operands, subject.record) {}
  std::vector<std::vector<double>> at(const std::vector<double>& x) const {
    return recorded_.values(*detail::available_kernels().front(), {x});
  }

 private:
  Recorded recorded_;
};

// Ridders' method: differences with falling steps, extrapolated; of the table's entries the one with the
// least estimated error.
double ridders(const std::vector<double>& differences) {
  std::vector<std::vector<double>> table(differences.size());
  double best = differences[0], least = infinity;
  for (std::size_t i = 0; i < differences.size(); ++i) {
    table[i].push_back(differences[i]);
    double factor = ridders_ratio * ridders_ratio;
    for (std::size_t j = 1; j <= i; ++j, factor *= ridders_ratio * ridders_ratio) {
      table[i].push_back((table[i][j - 1] * factor - table[i - 1][j - 1]) / (factor - 1.0));
      const double error =
          std::max(std::fabs(table[i][j] - table[i][j - 1]), std::fabs(table[i][j] - table[i - 1][j - 1]));
      if (error <= least) least = error, best = table[i][j];
    }
    if (i > 0 && std::fabs(table[i][i] - table[i - 1][i - 1]) >= 2.0 * least) break;
  }
  return best;
}

double step_of(double x, int k) { return std::fabs(x) * std::ldexp(1.0, -k); }
double ridders_step(double x, int k) { return 0.1 * std::fabs(x) * std::pow(ridders_ratio, -k); }

// The quotients of central differences at each place, step by step.
template <class Step>
std::vector<std::vector<double>> quotients(const Values& values, const std::vector<Place>& at, int first,
                                           int end, Step step) {
  std::vector<double> x;
  for (const Place& place : at)
    for (int k = first; k < end; ++k) {
      x.push_back(place.x + step(place.x, k));
      x.push_back(place.x - step(place.x, k));
    }
  const std::vector<double> f = values.at(x)[0];
  std::vector<std::vector<double>> result;
  for (std::size_t i = 0, r = 0; r < at.size(); ++r) {
    result.emplace_back();
    for (int k = first; k < end; ++k, i += 2) result.back().push_back((f[i] - f[i + 1]) / (x[i] - x[i + 1]));
  }
  return result;
}

void add_differences(Comparison& result, const Values& values, const std::vector<Place>& at) {
  const auto central = quotients(values, at, 1, num_steps + 1, step_of);
  std::vector<double> best;
  std::vector<std::vector<double>> by_step(num_steps);
  for (std::size_t r = 0; r < at.size(); ++r) {
    best.push_back(infinity);
    for (std::size_t k = 0; k < num_steps; ++k) {
      const double error = ulp_error<Exact>(central[r][k], at[r].derivative);
      best.back() = std::min(best.back(), error);
      by_step[k].push_back(error);
    }
  }
  for (std::size_t k = 0; k < num_steps; ++k)
    result.by_step.emplace_back(static_cast<int>(k) + 1, percentile(by_step[k], 0.5));
  result.methods.push_back(summary("best difference", best));
  std::vector<double> errors;
  const auto falling = quotients(values, at, 0, num_ridders, ridders_step);
  for (std::size_t r = 0; r < at.size(); ++r)
    errors.push_back(ulp_error<Exact>(ridders(falling[r]), at[r].derivative));
  result.methods.push_back(summary("Ridders", errors));
}

void add_complex_step(Comparison& result, const std::vector<Place>& at) {
  using Complex = std::complex<double>;
  static const auto all = forms::all<Complex>();
  const auto form = all.find(result.subject);
  std::vector<double> errors;
  if (form != all.end() && form->second != nullptr)
    for (const Place& place : at) {
      const double step = 1e-100 * std::max(std::fabs(place.x), 1e-200);
      errors.push_back(
          ulp_error<Exact>(form->second(Complex(place.x, step)).imag() / step, place.derivative));
    }
  result.methods.push_back(summary("complex step", errors));
}

void add_peer(Comparison& result, const Peer& peer, const std::vector<Place>& at) {
  if (!peer.derivative) {
    result.methods.push_back({peer.name, "not found"});
    return;
  }
  std::vector<double> errors;
  for (const Place& place : at) {
    try {
      if (const auto d = peer.derivative(result.subject, place.x))
        errors.push_back(ulp_error<Exact>(*d, place.derivative));
    } catch (const std::exception&) {
      errors.push_back(infinity);  // some refuse operands
    }
  }
  result.methods.push_back(summary(peer.name, errors));
}

}  // namespace

Comparison compare(const Subject& subject, std::size_t points, std::uint64_t seed) {
  const std::vector<Place> at = places(subject, points, seed);
  Comparison result{subject.name, at.size(), {}, {}};
  if (at.empty()) return result;
  const Values values(subject);
  std::vector<double> x, errors;
  for (const Place& place : at) x.push_back(place.x);
  const std::vector<double> own = values.at(x)[1];
  for (std::size_t r = 0; r < at.size(); ++r) errors.push_back(ulp_error<Exact>(own[r], at[r].derivative));
  result.methods.push_back(summary("rappel", errors));
  add_differences(result, values, at);
  add_complex_step(result, at);
  for (const Peer& peer : peers()) add_peer(result, peer, at);
  return result;
}

}  // namespace rappel::accuracy
