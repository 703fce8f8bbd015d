// `rappel fit`: from a CSV file to a summary, a model, a trace and pictures.

#include "models/process.hpp"
#include "support/skip.hpp"

#include "rappel/models/model_file.hpp"

#include <cmath>

using namespace rappel;
using namespace rappel::test;

namespace {

const std::string houses = "fit linear --data sacramento.csv --target price --features sqft,beds,baths ";
const std::string penguins =
    "fit logistic --data penguins.csv --target species --positive Adelie --drop-missing "
    "--features bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g ";

bool gnuplot_is_here() {
  std::istringstream folders(std::getenv("PATH"));
  for (std::string folder; std::getline(folders, folder, ':');)
    if (access((folder + "/gnuplot").c_str(), X_OK) == 0) return true;
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(command_fit)

BOOST_AUTO_TEST_CASE(a_linear_fit_of_houses_prints_what_r_prints) {
  const Folder here;
  const Ended e = here.run(houses);
  BOOST_TEST(e.status == 0, e.err);
  BOOST_TEST(e.err == "");
  // summary(lm(price ~ sqft + beds + baths)) of R 4.2.2; its digits, rounded to seven.
  for (const char* part :
       {"linear regression: price by sqft, beds, baths; 932 rows", "intercept     58481.75    10755.14",
        "158.1675    6.402934", "-27035.28    4507.272", "5342.591    5958.426", "R^2 0.6043391",
        "residual standard error 82614.08", "converged: "})
    BOOST_TEST(contains(e.out, part), part << " is not in\n" << e.out);
}

BOOST_AUTO_TEST_CASE(without_features_all_number_columns_are_taken_and_listed) {
  const Folder here;
  const Ended e = here.run("fit linear --data sacramento.csv --target price");
  BOOST_TEST(e.status == 0, e.err);
  BOOST_TEST(contains(e.out, "features: beds, baths, sqft, latitude, longitude"), e.out);
}

BOOST_AUTO_TEST_CASE(a_text_feature_becomes_indicators_of_its_levels) {
  const Folder here;
  const Ended e =
      here.run("fit linear --data sacramento.csv --target price --features sqft,type --save m.json");
  BOOST_TEST(e.status == 0, e.err);
  BOOST_TEST(contains(e.out, "type=Multi_Family"), e.out);
  BOOST_TEST(contains(e.out, "type=Residential"), e.out);
  BOOST_TEST(!contains(e.out, "type=Condo "), e.out);
  BOOST_TEST(contains(e.out, "'Condo'"), e.out);  // the base is named
}

BOOST_AUTO_TEST_CASE(a_logistic_fit_says_which_rows_are_left_out_and_which_class_is_1) {
  const Folder here;
  const Ended e = here.run(penguins);
  BOOST_TEST(e.status == 0, e.err);
  BOOST_TEST(contains(e.out, "2 of 344 rows left out: missing cells"), e.out);
  BOOST_TEST(contains(e.out, "1 is 'Adelie'"), e.out);
  BOOST_TEST(contains(e.out, "log-likelihood -4.724583"), e.out);  // logLik(glm(..)) of R 4.2.2
  BOOST_TEST(contains(e.out, "accuracy 0.9912281"), e.out);
}

BOOST_AUTO_TEST_CASE(two_values_need_no_positive) {
  const Folder here;
  const Ended e =
      here.run("fit logistic --data penguins.csv --target sex --features body_mass_g --drop-missing");
  BOOST_TEST(e.status == 0, e.err);
  BOOST_TEST(contains(e.out, "1 is 'male', 0 is 'female'"), e.out);
}

BOOST_AUTO_TEST_CASE(a_penalty_is_printed_and_leaves_no_standard_errors) {
  const Folder here;
  const Ended e = here.run(houses + "--l2 0.1");
  BOOST_TEST(e.status == 0, e.err);
  BOOST_TEST(contains(e.out, "No standard errors: "), e.out);
  BOOST_TEST(contains(e.out, "0.1/2 * sum of w_j^2"), e.out);
}

BOOST_AUTO_TEST_CASE(gradient_descent_finds_the_same_coefficients) {
  const Folder here;
  BOOST_TEST(here.run(houses + "--save lbfgs.json").status == 0);
  BOOST_TEST(
      here.run(houses + "--method gradient-descent --learning-rate 0.3 --momentum 0.5 --save descent.json")
          .status == 0);
  const SavedModel a = load_model((here / "lbfgs.json").string()),
                   b = load_model((here / "descent.json").string());
  // Both stop at a gradient of 1e-11 of the start's; the smallest eigenvalue of the Hessian is above 0.1.
  for (std::size_t j = 0; j < a.parameters.size(); ++j)
    BOOST_TEST(std::abs(a.parameters[j] - b.parameters[j]) < 1e-9);
}

BOOST_AUTO_TEST_CASE(the_model_is_the_same_for_any_number_of_threads) {
  const Folder here;
  std::string first;
  std::string rows = "x,z,y\n";  // more than 8 threads' blocks of 4096 rows, and a last one that is not full
  for (int i = 0; i < 100001; ++i)
    rows +=
        std::to_string(i % 1013) + "," + std::to_string(i % 7) + "," + std::to_string((i * 37) % 2003) + "\n";
  here.write("many.csv", rows);
  const std::string fit = "fit linear --data many.csv --target y --l2 0.01 --save m.json --threads ";
  for (const char* threads : {"1", "2", "3", "8"}) {
    BOOST_TEST(here.run(fit + threads).status == 0);
    if (first.empty()) first = here.read("m.json");
    BOOST_TEST(here.read("m.json") == first);
  }
}

BOOST_AUTO_TEST_CASE(a_descent_cut_short_is_saved_and_marked_with_status_3) {
  const Folder here;
  const Ended e = here.run(houses + "--max-iterations 2 --save m.json");
  BOOST_TEST(e.status == 3);
  BOOST_TEST(contains(e.err, "not converged (iteration limit reached)"), e.err);
  BOOST_TEST(!load_model((here / "m.json").string()).converged);
  const Ended p = here.run("predict --model m.json --data sacramento.csv --out p.csv");
  BOOST_TEST(p.status == 0);
  BOOST_TEST(contains(p.err, "did not converge"), p.err);
}

BOOST_AUTO_TEST_CASE(separated_classes_are_the_cause_that_is_named) {
  const Folder here;
  here.write("d.csv", "x,y\n1,0\n2,0\n3,1\n4,1\n");
  const Ended e = here.run("fit logistic --data d.csv --target y --save m.json");
  BOOST_TEST(e.status == 3);
  BOOST_TEST(contains(e.err, "not converged (no finite estimate exists)"), e.err);
  BOOST_TEST(contains(e.err, "perfectly separated"), e.err);
  BOOST_TEST(lines_of(e.err).size() == 1u);
  BOOST_TEST(!load_model((here / "m.json").string()).converged);
}

BOOST_AUTO_TEST_CASE(an_interrupted_fit_leaves_nothing_beside_the_model_that_was_there) {
  const Folder here;
  here.write("m.json", "what was there before");
  BOOST_REQUIRE(mkfifo((here / "d.csv").c_str(), 0600) == 0);  // reading it waits for a writer
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const Ended e = here.run_interrupted("fit linear --data d.csv --target y --save m.json", 3, signal);
    BOOST_TEST(e.status == 1000 + signal);
    BOOST_TEST(here.files() == std::vector<std::string>({"d.csv", "m.json"}),
               boost::test_tools::per_element());
  }
  BOOST_TEST(here.read("m.json") == "what was there before");
}

BOOST_AUTO_TEST_CASE(a_learning_rate_too_large_is_status_4_with_advice_and_saves_nothing) {
  const Folder here;
  here.write("m.json", "what was there before");
  const Ended e = here.run(houses + "--method gradient-descent --learning-rate 2.5 --save m.json");
  check_refused(e, 4, {"diverged", "lower the learning rate"});
  BOOST_TEST(here.read("m.json") == "what was there before");
  BOOST_TEST(here.files().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_descent_that_diverged_leaves_trace_and_picture_of_its_cost) {
  if (!gnuplot_is_here()) skip("gnuplot is not installed");
  const Folder here;
  const Ended e = here.run(houses +
                           "--method gradient-descent --learning-rate 2.5 --trace t.csv --plot-cost c.svg "
                           "--plot-fit f.svg --save m.json");
  BOOST_TEST(e.status == 4);
  BOOST_TEST(here.files() == std::vector<std::string>({"c.svg", "t.csv"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_trace_has_a_line_an_iteration) {
  const Folder here;
  BOOST_TEST(here.run(houses + "--trace t.csv").status == 0);
  const auto lines = lines_of(here.read("t.csv"));
  BOOST_REQUIRE(lines.size() > 3u);
  BOOST_TEST(lines[0] == "iteration,cost,gradient_norm,step,seconds");
  // Half the variance of a standardised target: of 932 squares 117 are added up one after the other, by eight partial sums that
  // fold three times; each square rounds some eight times before.
  BOOST_TEST(std::abs(std::stod(lines[1].substr(2)) - 0.5) < 0.5 * (117 + 3 + 8) * 0x1p-53);
  double last = 1.0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    BOOST_TEST(std::count(lines[i].begin(), lines[i].end(), ',') == 4);
    BOOST_TEST(lines[i].substr(0, lines[i].find(',')) == std::to_string(i - 1));
    const double cost = std::stod(lines[i].substr(lines[i].find(',') + 1));
    BOOST_TEST(cost <= last);
    last = cost;
  }
}

BOOST_AUTO_TEST_CASE(without_gnuplot_pictures_are_refused_before_the_fit) {
  const Folder here;
  const std::string path = std::getenv("PATH");
  setenv("PATH", "", 1);
  const Ended e = here.run(houses + "--plot-cost cost.png --save m.json");
  setenv("PATH", path.c_str(), 1);
  check_refused(e, 2, {"--plot-cost", "gnuplot"});
  BOOST_TEST(here.files().empty());
}

BOOST_AUTO_TEST_CASE(pictures_are_drawn) {
  if (!gnuplot_is_here()) skip("gnuplot is not installed");
  const Folder here;
  here.write("odd.csv", "it's \"x\"_{2},y\n1,2\n2,4.1\n3,5.9\n4,8.2\n");
  BOOST_TEST(here.run(houses + "--plot-cost cost.png --plot-fit fit.svg").status == 0);
  BOOST_TEST(here.read("cost.png").substr(1, 3) == "PNG");
  BOOST_TEST(contains(here.read("fit.svg"), "<svg"));
  const Ended e =
      here.run({"fit", "linear", "--data", "odd.csv", "--target", "y", "--plot-fit", "curve.svg"});
  BOOST_TEST(e.status == 0, e.err);
  BOOST_TEST(contains(here.read("curve.svg"), "_{2}"));  // as written: no markup of gnuplot's
  BOOST_TEST(here.run(penguins + "--plot-fit groups.pdf").status == 0);
  BOOST_TEST(here.read("groups.pdf").substr(0, 4) == "%PDF");
  const std::vector<std::string> expected = {"cost.png", "curve.svg", "fit.svg", "groups.pdf", "odd.csv"};
  BOOST_TEST(here.files() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_examples_of_each_help_run) {
  const Folder here;
  std::size_t examples = 0;
  for (const char* help : {"fit --help", "predict --help", "accuracy --help", "check --help"}) {
    const Ended e = here.run(help);
    BOOST_TEST(e.status == 0);
    for (const std::string& line : lines_of(e.out)) {
      if (line.substr(0, 9) != "  rappel ") continue;
      ++examples;
      const Ended example = here.run(line.substr(9));
      BOOST_TEST(example.status == 0, line << ": " << example.err);
    }
  }
  BOOST_TEST(examples == 10u);
  BOOST_TEST(contains(here.run("--version").out, "rappel 0.1.0"));
}

BOOST_AUTO_TEST_SUITE_END()
