#include "measure.hpp"

#include <exception>

namespace rappel::accuracy {
namespace {

int bin_of(double ulp) {
  if (ulp == 0.0) return -1;
  if (ulp < 1.0) return static_cast<int>(ulp * 32.0);
  return std::isinf(ulp) ? 1 << 20 : 32 + static_cast<int>(std::log2(ulp) * 22.0);  // 2^(1/22) = 1 + 1/32
}
double end_of_bin(int bin) {
  if (bin < 0) return 0.0;
  if (bin < 32) return (bin + 1) / 32.0;
  return bin == 1 << 20 ? infinity : std::exp2((bin - 31) / 22.0);
}

struct Key {
  Region region;
  std::size_t path;
  int order;
  auto operator<=>(const Key&) const = default;
};

class Run {
 public:
  Run(const Subject& subject, const MeasureOptions& options)
      : subject_(subject), points_(points_of(subject, options.points, options.seed)) {
    for (const Path& path : paths()) {
      if (path.kernels == nullptr)
        result_.paths_not_run.push_back(path.name);
      else if (options.path.empty() || options.path == path.name)
        paths_.push_back(path);
    }
  }

  Measurement measured() {
    const Recorded recorded(subject_.num_operands, subject_.record);
    for (first_ = 0; first_ < points_.size(); first_ += block) {
      const std::size_t end = std::min(points_.size(), first_ + block);
      std::vector<std::vector<double>> columns;
      for (const auto& column : points_.columns)
        columns.emplace_back(column.begin() + static_cast<std::ptrdiff_t>(first_),
                             column.begin() + static_cast<std::ptrdiff_t>(end));
      computed_.clear();
      for (const Path& path : paths_) computed_.push_back(recorded.values(*path.kernels, columns));
      for (std::size_t r = first_; r < end; ++r) compare(r);
    }
    finish();
    return std::move(result_);
  }

 private:
  static constexpr std::size_t block = 1 << 14;

  double computed(std::size_t path, std::size_t output, std::size_t r) const {
    return computed_[path][output][r - first_];
  }
  std::vector<double> operands(std::size_t r) const {
    std::vector<double> x;
    for (const auto& column : points_.columns) x.push_back(column[r]);
    return x;
  }
  std::size_t num_operands() const { return points_.columns.size(); }

  void compare(std::size_t r) {
    if (const Convention* convention = points_.conventions[r]) return compare_convention(r, *convention);
    const std::vector<double> x = operands(r);
    try {  // Boost.Math throws where it does not converge
      if (!add_errors(r, reference_at<Filter>(subject_, x), 0.5))
        add_errors(r, reference_at<Exact>(subject_, x), infinity);
    } catch (const std::exception&) {
      ++result_.without_reference;
    }
  }

  // False, and nothing added, if an error exceeds that part of its bound: then the filter does not decide.
  template <class N>
  bool add_errors(std::size_t r, const Jet<N>& exact, double part) {
    const std::size_t outputs = exact.size();
    errors_.clear();
    for (std::size_t o = 0; o < outputs; ++o) {
      const double limit = part * bound_of(order_of(o, num_operands()));
      for (std::size_t p = 0; p < paths_.size(); ++p) {
        const double c = computed(p, o, r);
        const bool known = p > 0 && c == computed(p - 1, o, r);
        const double ulp = known ? errors_.back() : error_of<N>(c, exact[o], o, r);
        if (ulp > limit) return false;
        errors_.push_back(ulp);
      }
    }
    for (std::size_t o = 0; o < outputs; ++o)
      for (std::size_t p = 0; p < paths_.size(); ++p)
        spread(r, p, o).add(errors_[o * paths_.size() + p], r, o, computed(p, o, r));
    return true;
  }

  // A reference of NaN states nothing.
  template <class N>
  double error_of(double computed, const N& exact, std::size_t output, std::size_t r) {
    if (isnan(exact)) return 0.0;
    const double ulp = ulp_error<N>(computed, exact);
    if (subject_.size == nullptr || !(ulp > 0.0)) return ulp;
    const N size = subject_.size(operands(r), output);
    return abs(exact) >= size ? ulp
                              : ulp_error<N>(static_cast<double>(size), N(size + (N(computed) - exact)));
  }

  void compare_convention(std::size_t r, const Convention& convention) {
    for (std::size_t o = 0; o < convention.jet.size(); ++o) {
      if (!convention.jet[o]) continue;
      const double stated = *convention.jet[o];
      const auto error = [&](double c) {
        if (std::isnan(stated) || std::isinf(stated) || stated == 0.0)
          return c == stated || (std::isnan(c) && std::isnan(stated)) ? 0.0 : infinity;
        return ulp_error<Exact>(c, Exact(stated));
      };
      for (std::size_t p = 0; p < paths_.size(); ++p)
        spread(r, p, o).add(error(computed(p, o, r)), r, o, computed(p, o, r));
    }
  }

  double bound_of(int order) const {
    return order == 0 ? subject_.bounds.value : order == 1 ? subject_.bounds.partial : subject_.bounds.second;
  }
  Spread& spread(std::size_t r, std::size_t path, std::size_t output) {
    return spreads_[{points_.regions[r], path, order_of(output, num_operands())}];
  }

  void finish() {
    result_.subject = &subject_;
    result_.num_points = points_.size();
    for (const Path& path : paths_) result_.paths.push_back(path.name);
    for (const auto& [key, s] : spreads_)
      result_.cells.push_back(
          {key.region, paths_[key.path].name, key.order, s.count(), s.percentile_99(), worst(s)});
  }

  Worst worst(const Spread& s) const {
    Worst w{s.largest(), operands(s.point()), s.output(), s.computed(), ""};
    if (const Convention* c = points_.conventions[s.point()])
      w.exact = std::to_string(*c->jet[s.output()]) + " by convention";
    else
      w.exact = reference_at<Exact>(subject_, w.x)[s.output()].str(20, std::ios_base::scientific);
    return w;
  }

  const Subject& subject_;
  Points points_;
  std::vector<Path> paths_;
  std::size_t first_ = 0;                                   // of the block at hand
  std::vector<std::vector<std::vector<double>>> computed_;  // by path, output, point of the block
  std::map<Key, Spread> spreads_;
  std::vector<double> errors_;
  Measurement result_;
};

}  // namespace

void Spread::add(double ulp, std::size_t point, std::size_t output, double computed) {
  ++count_;
  ++bins_[bin_of(ulp)];
  if (!(ulp > largest_)) return;
  largest_ = ulp;
  point_ = point;
  output_ = output;
  computed_ = computed;
}

double Spread::percentile_99() const {
  std::size_t rest = count_ / 100;  // that may be larger
  for (auto bin = bins_.rbegin(); bin != bins_.rend(); ++bin) {
    if (bin->second > rest) return std::min(end_of_bin(bin->first), largest_);
    rest -= bin->second;
  }
  return 0.0;
}

double Measurement::bound(int order) const {
  const Bounds& b = subject->bounds;
  return order == 0 ? b.value : order == 1 ? b.partial : b.second;
}
double Measurement::goal(int order) const {
  const Bounds& b = subject->goal;
  return order == 0 ? b.value : order == 1 ? b.partial : b.second;
}
const Cell* Measurement::worst(int order, const std::string& path) const {
  const Cell* found = nullptr;
  for (const Cell& cell : cells)
    if (cell.order == order && (path.empty() || cell.path == path) &&
        (!found || cell.worst.ulp > found->worst.ulp))
      found = &cell;
  return found;
}
bool Measurement::holds() const {
  for (const Cell& cell : cells)
    if (!(cell.worst.ulp <= bound(cell.order))) return false;
  return true;
}

Measurement measure(const Subject& subject, const MeasureOptions& options) {
  return Run(subject, options).measured();
}

template <class N>
Jet<N> reference_at(const Subject& subject, std::span<const double> x) {
  std::vector<int> scale;
  for (std::size_t i = 0; i < x.size(); ++i) scale.push_back(subject.scale(x, i));
  if constexpr (std::is_same_v<N, Filter>)
    return derivatives<Filter>(subject.reference.filter, x, scale);
  else
    return derivatives<Exact>(subject.reference.exact, x, scale);
}
template Jet<Filter> reference_at<Filter>(const Subject&, std::span<const double>);
template Jet<Exact> reference_at<Exact>(const Subject&, std::span<const double>);

std::string name_of_output(std::size_t output, std::size_t operands) {
  static constexpr const char* names[] = {"x", "y", "z"};
  if (output == 0) return "f";
  if (output <= operands) return std::string("df/d") + names[output - 1];
  std::size_t i = 0, j = output - operands - 1;
  for (std::size_t row = operands; j >= row; --row) j -= row, ++i;
  return std::string("d2f/d") + names[i] + "d" + names[i + j];
}

}  // namespace rappel::accuracy
