#include "collinearity.hpp"

#include "compensated_sum.hpp"

#include "rappel/models/scaling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rappel {

namespace {

using Span = std::span<const double>;

// Eight partial sums, so that the compiler may use lanes.
double dot(Span a, Span b) {
  double partial[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= a.size(); i += 8) {
    for (std::size_t k = 0; k < 8; ++k) partial[k] += a[i + k] * b[i + k];
  }
  double sum = 0.0;
  for (; i < a.size(); ++i) sum += a[i] * b[i];
  for (const double p : partial) sum += p;
  return sum;
}

void subtract(std::vector<double>& v, double factor, Span q) {
  for (std::size_t i = 0; i < v.size(); ++i) v[i] -= factor * q[i];
}

double root_mean_square(Span v) { return std::sqrt(dot(v, v) / static_cast<double>(v.size())); }

// Largest error of the cells of a column, in its standard deviations.
double cell_error(Span x, const MeanAndSd& scale) {
  constexpr double largest_exact_integer = 9007199254740992.0;  // 2^53
  const auto exact = [](double v) { return v == std::trunc(v) && std::abs(v) <= largest_exact_integer; };
  if (std::all_of(x.begin(), x.end(), exact)) return 0.0;
  constexpr double fifteen_digits = 5e-15;
  return fifteen_digits * std::hypot(scale.mean / scale.sd, 1.0);
}

// Orthonormal columns q (in root mean square) that span the columns added so far, z = R q.
class OrthogonalBasis {
 public:
  explicit OrthogonalBasis(std::size_t rows) : rows_(static_cast<double>(rows)) {}

  // Leaves of v what is orthogonal to the basis; returns the coefficients of the rest.
  // Modified Gram-Schmidt, and again if much cancelled: twice is enough (Giraud, Langou & Rozloznik 2005).
  std::vector<double> project_out(std::vector<double>& v) const {
    std::vector<double> coefficients(q_.size(), 0.0);
    double length = root_mean_square(v);
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t k = 0; k < q_.size(); ++k) {
        const double c = dot(q_[k], v) / rows_;
        subtract(v, c, q_[k]);
        coefficients[k] += c;
      }
      const double rest = root_mean_square(v);
      if (rest > 0.5 * length) break;
      length = rest;
    }
    return coefficients;
  }

  void add(std::vector<double> rest, std::vector<double> coefficients) {
    const double length = root_mean_square(rest);
    for (double& v : rest) v /= length;
    coefficients.push_back(length);
    q_.push_back(std::move(rest));
    r_.push_back(std::move(coefficients));
  }

  // The same combination in terms of the columns that were added: solves R'c = coefficients.
  std::vector<double> in_columns(std::vector<double> c) const {
    for (std::size_t k = c.size(); k-- > 0;) {
      c[k] /= r_[k][k];
      for (std::size_t i = 0; i < k; ++i) c[i] -= r_[k][i] * c[k];
    }
    return c;
  }

 private:
  double rows_;
  std::vector<std::vector<double>> q_;
  std::vector<std::vector<double>> r_;  // r_[k]: the coefficients of column k
};

// Standardised, and centred again, for the mean itself is rounded. The sum must be good to more than double:
// in a column of few values the roundings of a plain sum all have one sign.
std::vector<double> standard_column(Span x, const MeanAndSd& scale) {
  std::vector<double> z(x.size());
  standardise(x, scale.mean, scale.sd, z);
  CompensatedSum sum;
  for (const double v : z) sum.add(v);
  const double offset = sum.value() / static_cast<double>(z.size());
  for (double& v : z) v -= offset;
  return z;
}

// What rounding may leave of a column that is c[0] times the first column, c[1] times the second, ..: the
// errors of all cells, and those of the arithmetic, a few roundings a column.
double rounding_left(const std::vector<double>& c, const std::vector<double>& cell_errors, double own_error) {
  const double arithmetic =
      (4.0 + 2.0 * static_cast<double>(c.size())) * std::numeric_limits<double>::epsilon();
  double left = own_error + arithmetic;
  for (std::size_t k = 0; k < c.size(); ++k) left += std::abs(c[k]) * (cell_errors[k] + arithmetic);
  return left;
}

// The columns that matter. Coefficients of standardised columns compare with each other.
std::vector<std::size_t> columns_of(const std::vector<double>& c) {
  double largest = 0.0;
  for (const double v : c) largest = std::max(largest, std::abs(v));
  std::vector<std::size_t> columns;
  for (std::size_t k = 0; k < c.size(); ++k) {
    if (std::abs(c[k]) > 1e-6 * largest) columns.push_back(k);  // less is rounding
  }
  return columns;
}

}  // namespace

std::optional<Dependence> find_dependence(Span X, std::size_t rows, std::size_t columns) {
  OrthogonalBasis basis(rows);
  std::vector<double> cell_errors;
  for (std::size_t j = 0; j < columns; ++j) {
    const Span x = X.subspan(j * rows, rows);
    const MeanAndSd scale = mean_and_sd(x);
    if (scale.sd == 0.0) return Dependence{j, {}};
    const double error = cell_error(x, scale);
    if (error >= 1.0) return Dependence{j, {}};  // constant, but for the rounding of its cells
    std::vector<double> rest = standard_column(x, scale);
    std::vector<double> coefficients = basis.project_out(rest);
    const std::vector<double> c = basis.in_columns(coefficients);
    if (root_mean_square(rest) <= rounding_left(c, cell_errors, error)) return Dependence{j, columns_of(c)};
    basis.add(std::move(rest), std::move(coefficients));
    cell_errors.push_back(error);
  }
  return std::nullopt;
}

}  // namespace rappel
