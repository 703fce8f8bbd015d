#pragma once

// fit(model, X, y): standardises, records the model's cost over the rows, descends it, and brings the result
// back to the user's units. Everything that owns memory is made here, inline; the compiled parts take spans.

#include "rappel/models/model.hpp"
#include "rappel/models/scaling.hpp"
#include "rappel/models/statistics.hpp"
#include "rappel/models/summary.hpp"

#include <rappel/autodiff.hpp>
#include <rappel/core.hpp>
#include <rappel/optim.hpp>

#include <cmath>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rappel {

struct FitOptions {
  Method method = lbfgs();
  // Tighter than minimize's default, so that the digits that are printed also stand where the cost is nearly
  // flat (features that almost repeat each other, classes that are almost separated).
  StoppingOptions stopping = {.gradient_tolerance = 1e-11};
  Observer observer = {};                       // called at each iteration; sees the standardised problem
  int threads = 1;                              // never changes a bit of the result
  std::uint64_t seed = 1;                       // of the start, for models that start at random
  std::vector<std::string> feature_names = {};  // x0, x1, .. if empty
  std::string target_name = "y";
  std::vector<std::string> notes = {};  // lines of the summary: rows left out, base levels, which class is 1
};

// J over standardised data: mean over the rows of `data` of the model's loss, plus its penalty. A row of
// `data` is num_features features, then the target. Borrows what `data` borrows.
template <Model M>
Function training_cost(const M& model, Index num_features, const Columns& data, int threads = 1) {
  const auto cost = [model, num_features, data](ExprSpan p) {
    const Expr loss = mean_over_rows(data, [&](const Row& row) -> Expr {
      const std::vector<Expr> features(row.begin(), row.begin() + num_features);
      return model.loss(p, Row(features, data.names()), row[num_features]);
    });
    return loss + model.penalty(p);
  };
  return record(model.num_parameters(num_features), cost, {.threads = threads});
}

// Features of the user's to standardised ones.
// Throws std::invalid_argument if X has not one column for each feature of `scaling`.
inline Matrix standardised(const Scaling& scaling, const Eigen::Ref<const Matrix>& X) {
  const Index columns = static_cast<Index>(scaling.num_features());
  if (X.cols() != columns) {
    throw std::invalid_argument("predict: X has " + std::to_string(X.cols()) + " columns, the model " +
                                std::to_string(columns) + " features");
  }
  Matrix Z(X.rows(), columns);
  const std::size_t rows = static_cast<std::size_t>(X.rows());
  for (Index j = 0; j < columns; ++j) {
    const std::size_t f = static_cast<std::size_t>(j);
    standardise({X.col(j).data(), rows}, scaling.mean[f], scaling.sd[f], {Z.col(j).data(), rows});
  }
  return Z;
}

namespace detail {

// The columns of Z and then of `target`, if there is one, by their names. Borrows both.
inline Columns named_columns(const Matrix& Z, const Vector* target, std::vector<std::string> names) {
  std::vector<const double*> columns;
  for (Index j = 0; j < Z.cols(); ++j) columns.push_back(Z.data() + j * Z.rows());
  if (target != nullptr) columns.push_back(target->data());
  return Columns::from(std::move(names), std::move(columns), Z.rows());
}

}  // namespace detail

// Predictions for the rows of X, in the user's units, from the parameters of the standardised problem.
// The model's predict may name its features by `feature_names`.
template <Model M>
Vector predict(const M& model, const Scaling& scaling, const Vector& parameters,
               const std::vector<std::string>& feature_names, const Eigen::Ref<const Matrix>& X,
               int threads = 1) {
  const Matrix Z = standardised(scaling, X);
  if (Z.rows() == 0) return Vector(0);
  const Columns data = detail::named_columns(Z, nullptr, feature_names);
  const Function prediction =
      record(parameters.size(),
             [&](ExprSpan p) {
               return map_rows(data, [&](const Row& row) -> Expr { return model.predict(p, row); });
             },
             {.threads = threads});
  return scaling.target_mean + (scaling.target_sd * prediction.values(parameters)).array();
}

// A fitted model. Holds no data.
template <Model M>
class Fit {
 public:
  Fit(M model, Scaling scaling, Result result, std::optional<Statistics> statistics, SummaryText text,
      int threads)
      : model_(std::move(model)),
        scaling_(std::move(scaling)),
        result_(std::move(result)),
        statistics_(std::move(statistics)),
        text_(std::move(text)),
        threads_(threads) {}

  // One value a row of X, whose columns are the features in the order of the fit, in the user's units.
  Vector predict(const Eigen::Ref<const Matrix>& X) const {
    return rappel::predict(model_, scaling_, parameters(), feature_names(), X, threads_);
  }

  // In the user's units: for a linear predictor, target = link(coefficients'x + intercept).
  Vector coefficients() const requires LinearPredictor<M> {
    Vector w(num_features());
    to_user_units(scaling_, span_of(parameters()), span_of(w));
    return w;
  }
  double intercept() const requires LinearPredictor<M> {
    Vector w(num_features());
    return to_user_units(scaling_, span_of(parameters()), span_of(w));
  }

  // What the optimizer found, for standardised features (and target, if the model says so).
  const Vector& parameters() const { return result_.x; }
  const Scaling& scaling() const { return scaling_; }
  const Result& result() const { return result_; }
  const M& model() const { return model_; }
  const std::vector<std::string>& feature_names() const { return text_.feature_names; }
  const std::string& target_name() const { return text_.target; }
  Index num_features() const { return static_cast<Index>(scaling_.num_features()); }

  // The descent converged, and to estimates that exist (two classes that a plane separates have none).
  bool converged() const { return text_.converged; }
  // Why the descent ended or, where it converged to what is no estimate, that none exists.
  const std::string& outcome() const { return text_.outcome; }
  // What to do about it: advice on the descent, or the statistics' warning. May be empty.
  std::string advice() const {
    return statistics_ && result_.converged() ? statistics_->warning : text_.advice;
  }

  bool has_statistics() const { return statistics_.has_value(); }
  // Throws std::invalid_argument if the model has none.
  const Statistics& statistics() const {
    if (!statistics_) throw std::invalid_argument("statistics: this model has none");
    return *statistics_;
  }

  std::string summary() const { return format_summary(text_, statistics_ ? &*statistics_ : nullptr); }

 private:
  M model_;
  Scaling scaling_;
  Result result_;
  std::optional<Statistics> statistics_;
  SummaryText text_;
  int threads_;
};

namespace detail {

// Checks shapes and names, and fills in x0, x1, .. for names that were not given.
// Throws std::invalid_argument that says what does not fit.
void check_fit_data(Index rows, Index columns, Index target_rows, std::vector<std::string>& feature_names);

// Mean and sd of a column. Throws std::invalid_argument that names it if a value is not finite, and if all
// values are equal.
MeanAndSd feature_scale(ConstSpan values, const std::string& name);

// The same for the target; all values may be equal: then the sd is 1.
MeanAndSd target_scale(ConstSpan values, const std::string& name);

inline Scaling scaling_of(const Eigen::Ref<const Matrix>& X, const std::vector<std::string>& names) {
  Scaling scaling;
  for (Index j = 0; j < X.cols(); ++j) {
    const ConstSpan column{X.col(j).data(), static_cast<std::size_t>(X.rows())};
    const MeanAndSd scale = feature_scale(column, names[static_cast<std::size_t>(j)]);
    scaling.mean.push_back(scale.mean);
    scaling.sd.push_back(scale.sd);
  }
  return scaling;
}

template <Model M>
SummaryText summary_text(const M& model, const Result& result, Index num_rows, FitOptions&& options) {
  SummaryText text;
  if constexpr (Described<M>) {
    text.title = model.title();
    text.cost_formula = model.cost_formula();
  }
  text.target = std::move(options.target_name);
  text.feature_names = std::move(options.feature_names);
  text.notes = std::move(options.notes);
  text.outcome = to_string(result.reason);
  text.advice = advice(result);
  text.cost = result.value;
  text.num_rows = static_cast<std::size_t>(num_rows);
  text.num_parameters = static_cast<std::size_t>(result.x.size());
  text.iterations = static_cast<std::size_t>(result.iterations);
  text.evaluations = static_cast<std::size_t>(result.evaluations);
  text.converged = result.converged();
  return text;
}

}  // namespace detail

// Minimises the model's cost over the rows of X (num_rows x num_features) and y. Copies what it needs.
// Throws std::invalid_argument for shapes that differ, a feature that is constant, a cell that is not finite,
// a target that does not suit the model. How the descent ended is data: Fit::converged(), Fit::result().
template <Model M>
Fit<M> fit(const M& model, const Eigen::Ref<const Matrix>& X, const Vector& y, FitOptions options = {}) {
  detail::check_fit_data(X.rows(), X.cols(), y.size(), options.feature_names);
  Scaling scaling = detail::scaling_of(X, options.feature_names);
  const MeanAndSd target_scale = detail::target_scale(span_of(y), options.target_name);
  if constexpr (ChecksTarget<M>) model.check(span_of(y));
  if constexpr (StandardisesTarget<M>) {
    scaling.target_mean = target_scale.mean;
    scaling.target_sd = target_scale.sd;
  }
  const Matrix Z = standardised(scaling, X);
  Vector target(y.size());
  standardise(span_of(y), scaling.target_mean, scaling.target_sd, span_of(target));

  std::vector<std::string> names = options.feature_names;
  names.push_back(options.target_name);
  const Columns data = detail::named_columns(Z, &target, std::move(names));
  const Function cost = training_cost(model, X.cols(), data, options.threads);
  if (options.stopping.gradient_scale == 0.0) {
    // The terms of the gradient are as large as the target, the standardised features being about 1.
    const double offset = target_scale.mean - scaling.target_mean;
    options.stopping.gradient_scale = std::hypot(offset, target_scale.sd) / scaling.target_sd;
  }
  Random random(options.seed);
  const Vector start = model.start(X.cols(), random);
  Result result = minimize(cost, start, options.method, options.stopping, options.observer);

  const int threads = options.threads;
  SummaryText text = detail::summary_text(model, result, X.rows(), std::move(options));
  std::optional<Statistics> statistics;
  if constexpr (HasStatistics<M>) {
    const ConstSpan features{Z.data(), static_cast<std::size_t>(Z.size())};
    statistics = model.statistics({features, span_of(target), span_of(result.x), scaling});
    if (text.converged && !statistics->warning.empty()) {
      text.converged = false;
      text.outcome = "no finite estimate exists";
    }
  }
  return Fit<M>(model, std::move(scaling), std::move(result), std::move(statistics), std::move(text),
                threads);
}

}  // namespace rappel
