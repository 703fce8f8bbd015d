#include "commands.hpp"
#include "fit_plot.hpp"
#include "process.hpp"
#include "watch.hpp"

#include <cmath>
#include <iostream>
#include <optional>

namespace rappel::cli {

namespace {

// Everything that will be written, tried before the data are read.
struct Outputs {
  explicit Outputs(const FitArguments& arguments) {
    if (!arguments.save.empty()) model.emplace(arguments.save);
    if (!arguments.trace.empty()) trace.emplace(arguments.trace);
    if (!arguments.plot_cost.empty()) cost_picture.emplace("--plot-cost", arguments.plot_cost);
    if (!arguments.plot_fit.empty()) fit_picture.emplace("--plot-fit", arguments.plot_fit);
    for (const auto* file : {&model, &trace})
      if (*file) remove_when_interrupted((*file)->temporary());
    for (const auto* picture : {&cost_picture, &fit_picture})
      if (*picture) remove_when_interrupted((*picture)->temporary());
  }
  std::optional<OutputFile> model, trace;
  std::optional<Picture> cost_picture, fit_picture;
};

Method method_of(const FitSettings& settings) {
  if (settings.method == "lbfgs") return lbfgs();
  return gradient_descent({.learning_rate = *settings.learning_rate, .momentum = *settings.momentum});
}

// Fits, while trace and progress line are written. Collects the costs for a picture.
template <class M>
Fit<M> descend(const M& model, const FitArguments& arguments, const Design& design, Outputs& outputs,
               std::vector<PlotPoint>& costs) {
  std::optional<Trace> trace;
  if (outputs.trace) trace.emplace(outputs.trace->stream());
  ProgressLine progress_line;
  const auto watch = [&](const Progress& progress) {
    if (trace) trace->add(progress);
    if (outputs.cost_picture) costs.push_back({static_cast<double>(progress.iteration), progress.value});
    progress_line.show(progress);
  };
  rappel::FitOptions options{.method = method_of(arguments.settings),
                             .observer = watch,
                             .threads = arguments.threads,
                             .seed = arguments.settings.seed,
                             .feature_names = design.feature_names,
                             .target_name = arguments.target,
                             .notes = design.notes};
  options.stopping.max_iterations = arguments.settings.max_iterations;
  try {
    return fit(model, design.matrix(), design.target_values(), std::move(options));
  } catch (const std::invalid_argument& error) {  // the arguments were checked: it is the data
    throw DataError(printable(arguments.data) + ": " + error.what());
  }
}

template <class M>
SavedModel saved_model(const FitArguments& arguments, const Design& design, const Fit<M>& fit) {
  const Result& result = fit.result();
  return {.kind = arguments.kind,
          .features = design.features,
          .target = design.target,
          .scaling = fit.scaling(),
          .parameters = {result.x.begin(), result.x.end()},
          .settings = arguments.settings,
          .converged = fit.converged(),
          .outcome = fit.outcome(),
          .cost = result.value,
          .num_rows = design.num_rows,
          .iterations = result.iterations};
}

void say(const std::string& what, const std::string& advice) {
  std::cerr << "rappel: " << what << (advice.empty() ? "" : "; " + advice) << "\n";
}

template <class M>
int fit_and_report(const M& model, const FitArguments& arguments, const Design& design, Outputs& outputs) {
  std::vector<PlotPoint> costs;
  const Fit<M> fit = descend(model, arguments, design, outputs, costs);
  const Result& result = fit.result();
  if (outputs.trace) outputs.trace->keep();
  if (result.reason == StopReason::diverged || result.reason == StopReason::not_finite) {
    say(to_string(result.reason) + " after " + std::to_string(result.iterations) +
            " iterations, no model is saved",
        advice(result));
    std::erase_if(costs, [](PlotPoint p) { return !std::isfinite(p.y); });
    if (outputs.cost_picture && costs.size() > 1) outputs.cost_picture->draw(cost_plot(costs));
    return status_diverged;
  }
  if (outputs.model) {
    outputs.model->stream() << to_json(saved_model(arguments, design, fit));
    outputs.model->keep();
  }
  std::cout << fit.summary();
  finish_output();
  if (outputs.cost_picture) outputs.cost_picture->draw(cost_plot(costs));
  if (outputs.fit_picture) outputs.fit_picture->draw(fit_plot(design, fit));
  if (fit.converged()) return 0;
  const std::string marked = outputs.model ? "; the model is saved and marked" : "";
  say("not converged (" + fit.outcome() + ")" + marked, fit.advice());
  return status_not_converged;
}

}  // namespace

// Before the fit, which may take long: what the model file could not hold.
void check_can_be_saved(const FitArguments& arguments, const Design& design) {
  SavedModel model;
  model.features = design.features;
  model.target = design.target;
  const auto n = static_cast<std::size_t>(design.num_features());
  model.scaling = {std::vector<double>(n, 0.0), std::vector<double>(n, 1.0), 0.0, 1.0};
  model.parameters.assign(n + 1, 0.0);
  try {
    to_json(model);
  } catch (const DataError& error) {
    throw DataError(printable(arguments.data) + ": " + error.what());
  }
}

int run_fit(const FitArguments& arguments) {
  Outputs outputs(arguments);
  const Table table = read_csv(arguments.data, arguments.csv);
  const Design design = make_design(table, {.target = arguments.target,
                                            .features = arguments.features,
                                            .drop_missing = arguments.drop_missing,
                                            .two_classes = arguments.kind == ModelKind::logistic,
                                            .positive = arguments.positive});
  if (outputs.model) check_can_be_saved(arguments, design);
  const double l2 = arguments.settings.l2;
  if (arguments.kind == ModelKind::linear)
    return fit_and_report(LinearRegression{.l2 = l2}, arguments, design, outputs);
  return fit_and_report(LogisticRegression{.l2 = l2}, arguments, design, outputs);
}

void finish_output() {
  if (!std::cout.flush()) throw std::runtime_error("cannot write to standard output");
}

}  // namespace rappel::cli
