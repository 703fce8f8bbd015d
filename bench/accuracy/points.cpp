#include "points.hpp"

#include <bit>
#include <random>

namespace rappel::accuracy {
namespace {

using Limits = std::numeric_limits<double>;

// Doubles in their order as integers in theirs; both zeros are 0.
std::int64_t ordinal(double x) {
  const auto size = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(std::fabs(x)));
  return std::signbit(x) ? -size : size;
}
double at_ordinal(std::int64_t i) {
  const double size = std::bit_cast<double>(static_cast<std::uint64_t>(i < 0 ? -i : i));
  return i < 0 ? -size : size;
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : bits_(seed) {}
  std::uint64_t bits() { return bits_(); }
  double uniform() { return static_cast<double>(bits_() >> 11) * 0x1p-53; }
  double between(double a, double b) { return a + (b - a) * uniform(); }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(bits_() % n); }
  double sign() { return bits_() & 1 ? 1.0 : -1.0; }
  // Of a size uniform in its logarithm.
  double sized(double lowest_exponent, double highest_exponent) {
    const double e = between(lowest_exponent, highest_exponent), whole = std::floor(e);
    return sign() * std::ldexp(1.0 + uniform(), static_cast<int>(whole));
  }
  double by_bits(const Interval& domain) {
    const std::int64_t low = ordinal(std::max(domain.lowest, -Limits::max())),
                       high = ordinal(std::min(domain.highest, Limits::max()));
    const auto width = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    return at_ordinal(static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + bits_() % (width + 1)));
  }
  // A few doubles beside p, or at any smaller distance.
  double near(double p) {
    if (p == 0.0) return sized(-300, 0);
    if (bits_() % 4 == 0) return at_ordinal(ordinal(p) + static_cast<std::int64_t>(bits_() % 33) - 16);
    return p + p * sized(-53, -2);
  }

 private:
  std::mt19937_64 bits_;
};

constexpr int max_tries = 1000;

class Generator {
 public:
  Generator(const Subject& subject, std::uint64_t seed) : subject_(subject), random_(seed) {
    points_.columns.resize(static_cast<std::size_t>(subject.num_operands));
  }

  Points run(std::size_t count) {
    add_conventions();
    add_edges();
    for (std::size_t i = 0; i < (count + 1) / 2; ++i) add_random(Region::bit_patterns);
    const std::vector<Region> regions = difficult_regions();
    for (std::size_t i = 0; i < count / 2; ++i) add_random(regions[i % regions.size()]);
    return std::move(points_);
  }

 private:
  std::size_t operands() const { return points_.columns.size(); }
  const Interval& domain(std::size_t i) const { return i == 0 ? subject_.domain : subject_.further; }

  std::vector<Region> difficult_regions() const {
    std::vector<Region> regions = {Region::moderate, Region::moderate, Region::huge, Region::tiny,
                                   Region::subnormal};
    if (!subject_.zeros.empty()) regions.insert(regions.end(), 2, Region::zeros);
    if (!subject_.poles.empty()) regions.insert(regions.end(), 2, Region::poles);
    if (!subject_.cancellation.empty()) regions.insert(regions.end(), 2, Region::cancellation);
    if (operands() > 1) regions.insert(regions.end(), 2, Region::alike);
    return regions;
  }

  // An operand of the region; NaN where the domain has none.
  double operand(Region region, std::size_t i) {
    for (int k = 0; k < max_tries; ++k) {
      const double x = candidate(region, i);
      if (domain(i).contains(x) && std::isfinite(x)) return x;
    }
    return Limits::quiet_NaN();
  }

  double candidate(Region region, std::size_t i) {
    switch (region) {
      case Region::moderate:
        return random_.bits() & 1 ? random_.sized(-20, 7) : random_.between(-40.0, 40.0);
      case Region::zeros:
        return random_.near(subject_.zeros[random_.below(subject_.zeros.size())]);
      case Region::poles:
        return random_.near(subject_.poles[random_.below(subject_.poles.size())]);
      case Region::cancellation: {
        const Interval& c = subject_.cancellation[random_.below(subject_.cancellation.size())];
        return random_.between(c.lowest, c.highest);
      }
      case Region::huge:
        return random_.sized(100, 1024);
      case Region::tiny:
        return random_.sized(-1022, -60);
      case Region::subnormal:
        return random_.sign() * at_ordinal(static_cast<std::int64_t>(random_.bits() & 0xfffffffffffff));
      default:
        return random_.by_bits(domain(i));
    }
  }

  // Several operands: all of the region, or one of them of any other size; equal and neighbouring ones.
  void add_random(Region region) {
    std::vector<double> x(operands());
    if (region == Region::alike) {
      x[0] = operand(random_.bits() & 1 ? Region::moderate : Region::bit_patterns, 0);
      for (std::size_t i = 1; i < x.size(); ++i) {
        const std::int64_t distance =
            random_.bits() & 1 ? 0 : static_cast<std::int64_t>(random_.bits() % 9) - 4;
        x[i] = at_ordinal(ordinal(x[0]) + distance) * (random_.bits() % 4 == 0 ? -1.0 : 1.0);
      }
    } else {
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = operand(region, i);
      if (x.size() > 1 && region != Region::bit_patterns && random_.bits() % 4 == 0) {
        const std::size_t other = random_.below(x.size());
        x[other] = operand(Region::bit_patterns, other);
      }
    }
    add(region, x);
  }

  void add_conventions() {
    for (const Convention& c : conventions())
      if (c.name == subject_.name) push(Region::edges, c.x, &c);
  }

  std::vector<double> edge_values() const {
    std::vector<double> values = {0.0,
                                  1.0,
                                  0.5,
                                  2.0,
                                  3.0,
                                  10.0,
                                  Limits::max(),
                                  Limits::min(),
                                  Limits::denorm_min(),
                                  Limits::min() - Limits::denorm_min(),
                                  Limits::epsilon(),
                                  0x1p52,
                                  0x1p53};
    for (std::size_t i = values.size(); i-- > 0;) values.push_back(-values[i]);
    for (const auto* more : {&subject_.edges, &subject_.zeros, &subject_.poles})
      for (const double p : *more)
        for (int k = -2; k <= 2; ++k) values.push_back(at_ordinal(ordinal(p) + k));
    return values;
  }

  void add_edges() {
    const std::vector<double> values = edge_values();
    if (operands() == 1)
      for (const double x : values) add(Region::edges, {x});
    else if (operands() == 2)
      for (const double x : values)
        for (const double y : values) add(Region::edges, {x, y});
    else
      for (std::size_t k = 0; k < 4 * values.size(); ++k) {
        std::vector<double> x(operands());
        for (double& v : x) v = values[random_.below(values.size())];
        add(Region::edges, x);
      }
  }

  // Unless it is outside of the domain, or where a convention speaks.
  void add(Region region, const std::vector<double>& x) {
    for (std::size_t i = 0; i < x.size(); ++i)
      if (!std::isfinite(x[i]) || !domain(i).contains(x[i])) return;
    if (subject_.inside != nullptr && !subject_.inside(x)) return;
    for (const Convention& c : conventions())
      if (c.name == subject_.name && c.x == x) return;
    push(region, x, nullptr);
  }
  void push(Region region, const std::vector<double>& x, const Convention* convention) {
    for (std::size_t i = 0; i < x.size(); ++i) points_.columns[i].push_back(x[i]);
    points_.regions.push_back(region);
    points_.conventions.push_back(convention);
  }

  const Subject& subject_;
  Random random_;
  Points points_;
};

}  // namespace

const char* name_of(Region region) {
  static constexpr const char* names[] = {"bit patterns", "moderate", "zeros",     "poles", "cancellation",
                                          "huge",         "tiny",     "subnormal", "alike", "edges"};
  return names[static_cast<std::size_t>(region)];
}

Points points_of(const Subject& subject, std::size_t count, std::uint64_t seed) {
  return Generator(subject, seed).run(count);
}

}  // namespace rappel::accuracy
