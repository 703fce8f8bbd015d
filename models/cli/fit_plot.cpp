#include "fit_plot.hpp"

#include <algorithm>
#include <numeric>

namespace rappel::cli {

namespace {

std::string labels(const std::string& title, const std::string& x, const std::string& y) {
  return "set title " + gnuplot_text(title) + "\nset xlabel " + gnuplot_text(x) + "\nset ylabel " +
         gnuplot_text(y) + "\n";
}

// "species = Adelie", or the target itself where it is a number.
std::string target_label(const Design& design) {
  return design.target.one.empty() ? design.target.column : design.target.column + " = " + design.target.one;
}

}  // namespace

std::string cost_plot(const std::vector<PlotPoint>& costs) {
  const auto [lowest, highest] =
      std::minmax_element(costs.begin(), costs.end(), [](PlotPoint a, PlotPoint b) { return a.y < b.y; });
  const bool decades = lowest->y > 0.0 && highest->y > 100.0 * lowest->y;
  return gnuplot_data("cost", costs) + labels("cost by iteration", "iteration", "cost") +
         (decades ? "set logscale y\n" : "") +
         "set key off\nplot $cost with linespoints pointtype 7 pointsize 0.4\n";
}

std::string prediction_plot(const Design& design, const Vector& predicted) {
  std::vector<PlotPoint> points;
  const auto observed = design.target_values();
  for (Index i = 0; i < predicted.size(); ++i) points.push_back({predicted[i], observed[i]});
  const std::vector<PlotPoint> diagonal = {{predicted.minCoeff(), predicted.minCoeff()},
                                           {predicted.maxCoeff(), predicted.maxCoeff()}};
  const std::string& y = design.target.column;
  return gnuplot_data("rows", points) + gnuplot_data("diagonal", diagonal) +
         labels(y + ": observed against predicted", "predicted " + y, "observed " + y) +
         "set key left top\nplot $rows with points pointtype 7 pointsize 0.4 title 'rows', "
         "$diagonal with lines linewidth 2 title 'observed = predicted'\n";
}

std::string curve_plot(const Design& design, const std::vector<PlotPoint>& curve) {
  std::vector<PlotPoint> points;
  for (Index i = 0; i < design.num_rows; ++i)
    points.push_back({design.X[static_cast<std::size_t>(i)], design.y[static_cast<std::size_t>(i)]});
  const std::string& x = design.feature_names[0];
  return gnuplot_data("rows", points) + gnuplot_data("model", curve) +
         labels(target_label(design) + " by " + x, x, target_label(design)) +
         "set key left top\nplot $rows with points pointtype 7 pointsize 0.4 title 'rows', "
         "$model with lines linewidth 2 title 'model'\n";
}

std::string calibration_plot(const Design& design, const Vector& probability) {
  std::vector<Index> order(static_cast<std::size_t>(probability.size()));
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return probability[a] < probability[b]; });
  const std::size_t groups = std::min<std::size_t>(10, order.size());
  std::vector<PlotPoint> points;
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t first = g * order.size() / groups, end = (g + 1) * order.size() / groups;
    PlotPoint mean{0.0, 0.0};
    for (std::size_t i = first; i < end; ++i) {
      mean.x += probability[order[i]];
      mean.y += design.y[static_cast<std::size_t>(order[i])];
    }
    const auto count = static_cast<double>(end - first);
    points.push_back({mean.x / count, mean.y / count});
  }
  return gnuplot_data("groups", points) + gnuplot_data("diagonal", {{0.0, 0.0}, {1.0, 1.0}}) +
         labels(target_label(design) + ": ten groups of rows by predicted probability",
                "mean predicted probability", "share observed") +
         "set key left top\nset xrange [0:1]\nset yrange [-0.02:1.02]\n"
         "plot $groups with linespoints pointtype 7 title 'groups', "
         "$diagonal with lines title 'observed = predicted'\n";
}

Matrix grid_over(const Design& design, Index count) {
  const auto x = design.matrix().col(0);
  return Vector::LinSpaced(count, x.minCoeff(), x.maxCoeff());
}

}  // namespace rappel::cli
