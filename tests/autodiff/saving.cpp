// Functions saved and loaded; what was damaged is refused; equality and statistics.

#include "messages.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <cctype>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

namespace rappel::test {
namespace {

std::string saved(const Function& f, Format format) {
  std::ostringstream out;
  f.save(out, format);
  return out.str();
}

Function loaded(const std::string& file) {
  std::istringstream in(file);
  return Function::load(in);
}

Function through(const Function& f, Format format) { return loaded(saved(f, format)); }

bool same_bits(const Matrix& a, const Matrix& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && (a.size() == 0 ||
          std::memcmp(a.data(), b.data(), sizeof(double) * static_cast<std::size_t>(a.size())) == 0);
}

// Values and derivatives of two orders, bit for bit.
void check_same(const Function& f, const Function& g, const Vector& x) {
  BOOST_TEST(f.dimension() == g.dimension());
  if (f.num_values() == 1 && !f.has_values_by_row()) {
    const auto [value, gradient] = f.value_and_gradient(x);
    const auto [value_g, gradient_g] = g.value_and_gradient(x);
    BOOST_TEST((same_bits(Matrix{{value}}, Matrix{{value_g}})));
    BOOST_TEST(same_bits(gradient, gradient_g));
    BOOST_TEST(same_bits(f.hessian(x), g.hessian(x)));
  } else {
    BOOST_TEST(same_bits(f.values(x), g.values(x)));
  }
}

void check_round_trip(const Function& f, const Vector& x) {
  for (const Format format : {Format::binary, Format::json}) {
    const Function g = through(f, format);
    check_same(f, g, x);
    BOOST_TEST((f == g));
    BOOST_TEST(saved(g, format) == saved(f, format));
  }
}

Function branching() {
  return record(2, [](ExprSpan x) {
    if (x[0] < x[1]) return exp(x[0]) * x[1];
    return square(x[0]) + x[1];
  });
}

BOOST_AUTO_TEST_SUITE(saving)

BOOST_AUTO_TEST_CASE(keeps_every_bit) {
  const Vector x{{0.3, 1.7, -0.4}};
  check_round_trip(record(3, [](ExprSpan w) {
                     return logsumexp(w) + norm(w) * pow(w[1], w[0]) + exp(w[0]) / (1.0 + w[2] * w[2]) +
                            select(w[0] < w[1], w[2], 0.1) + tgamma(w[1]) + 1e-310 * w[0] + (-0.0) * square(w[1]);
                   }),
                   x);
  check_round_trip(record(3, [](ExprSpan w) { return std::vector<Expr>{w[0], 2.0, sin(w[2])}; }), x);
  check_round_trip(record(3, [](ExprSpan w) { return w[0] * std::numeric_limits<double>::quiet_NaN() + w[1]; }), x);
  check_round_trip(record(3, [](ExprSpan w) { return select(w[0] < 1.0, w[1], std::numeric_limits<double>::infinity()); }), x);
  check_round_trip(record(0, [](ExprSpan) { return Expr(3.0); }), Vector());
}

BOOST_AUTO_TEST_CASE(of_derivatives_scans_and_matrices) {
  const Vector x{{0.3, 1.7, -0.4}};
  const Function scanned = record(3, [](ExprSpan w) {
    return iterate(6, w[0], [&](const Expr& c) {
      return sin(c * w[1]) + iterate(3, c, [&](const Expr& d) { return 0.5 * d * w[2]; });
    });
  });
  check_round_trip(scanned, x);
  check_round_trip(scanned.gradient(), x);
  const Function product = record(3, [df = scanned.gradient()](ExprSpan w) {
    const std::vector<Expr> g = df.outputs(w);
    return g[0] * g[1] + g[2];
  });
  check_round_trip(product.gradient(), x);  // scans backwards, and sums of what they stack
  const Function matrices = record(3, [](ExprSpan w) {
    ExprMatrix a(4, 4);
    for (Index i = 0; i < 4; ++i)
      for (Index j = 0; j < 4; ++j) a(i, j) = i == j ? 5.0 + square(w[i % 3]) : w[(i + j) % 3];
    const ExprVector b = ExprVector::Constant(4, w[1]);
    return log_det_spd(a) + (solve(a, b).transpose() * solve_spd(a, b))(0, 0) + det(a * a) + stop_gradient(w[0]) * w[2];
  });
  const Function chain = record(3, [](ExprSpan w) {
    Expr least = w[0];
    for (Index k = 1; k < 12; ++k) least = min(least, w[k % 3] * static_cast<double>(k) + square(w[k % 2]));
    return least * w[1];
  });
  check_round_trip(chain, x);
  check_round_trip(chain.gradient(), x);
  check_round_trip(matrices, x);
  check_round_trip(matrices.gradient(), x);
}

BOOST_AUTO_TEST_CASE(of_rows_takes_data_again) {
  const Matrix data = Matrix::Random(50, 3), more = Matrix::Random(20, 1);
  Matrix users = data;
  for (Index r = 0; r < 50; ++r) users(r, 2) = static_cast<double>(r % 4);
  const Columns table = Columns::from({"x", "y", "user"}, {users.col(0).data(), users.col(1).data(), users.col(2).data()}, 50);
  const Function f = record(4, [&](ExprSpan w) {
    const Expr scale = sqrt(mean_over_rows(table, [&](Row r) { return square(r["x"] * w[0]); }));
    return mean_over_rows(table, [&](Row r) { return square(gather(w, r["user"]) * r["x"] / scale - r["y"]); }) +
           argument(0.5) * sum_over_rows(Columns(more), [&](Row r) { return exp(r[0] * w[1]); });
  });
  const Vector x{{0.3, 1.7, -0.4, 0.9}};
  for (const Format format : {Format::binary, Format::json}) {
    const Function g = through(f, format);
    check_refused([&] { g.value(x); }, {"Function::value", "table 0 has no data", "with_columns"});
    check_refused([&] { g.accuracy(x); }, {"no data"});
    check_refused([&] { g.diagnose(x); }, {"no data"});
    check_refused([&] { record(4, [&](ExprSpan w) { return g(w); }); }, {"no data"});
    BOOST_TEST(!(f == g));
    const Function bound = g.with_columns({table, Columns(more)});
    check_same(f, bound, x);
    check_same(f.with(Vector{{2.0}}), bound.with(Vector{{2.0}}), x);
    check_refused([&] { g.with_columns(table); }, {"2 tables", "1 given"});
    Matrix wrong = users;
    wrong(7, 2) = 4.0;
    check_refused([&] { g.with_columns({Columns(wrong), Columns(more)}); }, {"user", "row 7"});
    check_refused([&] { through(f.with_columns({table, Columns(more)}), format).with_columns({Columns(more), table}); },
                  {"1 columns given"});
  }
  const Function residuals = record(1, [&](ExprSpan w) { return map_rows(Columns(data), [&](Row r) { return w[0] * r[0]; }); });
  check_same(residuals, through(residuals, Format::json).with_columns(Columns(data)), Vector{{2.0}});
  const Function mean = record(1, [&](ExprSpan w) {
    return mean_over_rows(Columns(data), [&](Row r) { return w[0] * r[0]; });
  });
  check_refused([&] { through(mean, Format::binary).with_columns(Columns(Matrix(0, 3))).value(Vector{{2.0}}); },
                {"no rows"});
}

BOOST_AUTO_TEST_CASE(of_branches_keeps_the_recordings) {
  const Function f = branching();
  check_refused([&] { saved(f, Format::binary); }, {"save", "has not been recorded yet"});
  f.value(Vector{{0.0, 1.0}});
  const Function one = through(f, Format::json);
  check_same(f, one, Vector{{0.5, 1.0}});
  try {
    one.value(Vector{{2.0, 1.0}});
    BOOST_TEST(false, "a branch that was not recorded");
  } catch (const guard_violation& e) {
    BOOST_TEST((std::strstr(e.what(), "saving.cpp:") != nullptr), e.what());
  }
  check_same(f, one, Vector{{0.5, 1.0}});
  f.value(Vector{{2.0, 1.0}});
  for (const Format format : {Format::binary, Format::json}) {
    const Function both = through(f, format);
    BOOST_TEST((both == f));
    BOOST_TEST(!(both == one));
    check_same(f, both, Vector{{0.5, 1.0}});
    check_same(f, both, Vector{{2.0, 1.0}});
    const Function gradient = through(f.gradient(), format);
    BOOST_TEST(same_bits(gradient.values(Vector{{2.0, 1.0}}), f.gradient().values(Vector{{2.0, 1.0}})));
    BOOST_TEST(same_bits(gradient.jacobian(Vector{{0.0, 1.0}}), f.hessian(Vector{{0.0, 1.0}})));
  }
}

BOOST_AUTO_TEST_CASE(what_is_code_is_refused_by_name) {
  const UnaryOp mine = define_op("lambert_w", [](double x) { return x; }, [](Expr, Expr, Expr zbar) { return zbar; });
  const Function f = record(1, [&](ExprSpan x) { return mine(x[0]); });
  check_refused([&] { saved(f, Format::binary); }, {"lambert_w", "saving.cpp:", "code"});
  std::ostringstream closed;
  closed.setstate(std::ios::badbit);
  BOOST_CHECK_THROW(record(1, [](ExprSpan x) { return x[0]; }).save(closed), std::runtime_error);
}

// Every change of a byte is refused, or is one of blanks, and every part of a file.
BOOST_AUTO_TEST_CASE(damaged_files_are_refused_with_the_place) {
  const Matrix data = Matrix::Random(5, 2);
  const Function f = record(2, [&](ExprSpan w) {
    if (w[0] < 1.0) return sin(w[0]) * 0.1 + iterate(3, w[1], [&](const Expr& c) { return c * w[0]; });
    return mean_over_rows(Columns(data), [&](Row r) { return square(r[0] * w[0]); });
  });
  const Vector x{{0.5, 2.0}};
  f.value(x);
  f.value(Vector{{1.5, 2.0}});
  const Function good = record(0, [](ExprSpan) { return Expr(1.0); });
  const double value = f.value(x);
  for (const Format format : {Format::binary, Format::json}) {
    const std::string file = saved(f, format);
    const auto refused = [&](const std::string& damaged) {
      try {
        return !(loaded(damaged).value(x) == value);
      } catch (const std::invalid_argument& e) {
        return std::strstr(e.what(), "Function::load: ") != nullptr;
      }
    };
    int accepted = 0;
    for (std::size_t i = 0; i < file.size(); ++i)
      for (const int flip : {1, 0x10, 0x80}) {
        std::string damaged = file;
        damaged[i] = static_cast<char>(damaged[i] ^ flip);
        const bool blank = std::isspace(static_cast<unsigned char>(file[i]));
        if (!refused(damaged) && !blank) ++accepted;
      }
    BOOST_TEST(accepted == 0);
    for (std::size_t length = 0; length + 1 < file.size(); ++length) BOOST_TEST(refused(file.substr(0, length)));
    if (format == Format::binary) BOOST_TEST(refused(file + "x"));
  }
  const std::string binary = saved(good, Format::binary), json = saved(good, Format::json);
  check_refused([&] { loaded(""); }, {"byte 0", "no function"});
  check_refused([&] { loaded("x,y\n1,2\n"); }, {"byte 0", "no function"});
  check_refused([&] { loaded(binary.substr(0, 30)); }, {"byte 30", "ends too early"});
  check_refused([&] { loaded(binary + "x"); }, {("byte " + std::to_string(binary.size())).c_str(), "follows"});
  std::string changed = binary;
  changed[8] = 2;
  check_refused([&] { loaded(changed); }, {"byte 8", "version 2", "reads version 1"});
  changed = binary;
  changed[40] = static_cast<char>(changed[40] + 1);
  check_refused([&] { loaded(changed); }, {"bytes 24 to", "checksum"});
  changed = json;
  changed.replace(changed.find("1.0"), 3, "2.0");
  check_refused([&] { loaded(changed); }, {"function", "checksum"});
  changed = json;
  changed.insert(changed.find("\"nodes\""), ",");
  check_refused([&] { loaded(changed); }, {"line ", "column "});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(equality_and_statistics)

BOOST_AUTO_TEST_CASE(equal_are_the_same_costs) {
  const Matrix data = Matrix::Random(5, 2);
  const auto make = [&](double factor) {
    return record(2, [&](ExprSpan x) {
      return factor * x[0] + mean_over_rows(Columns(data), [&](Row r) { return r[0] * x[1]; }) + argument(1.0);
    });
  };
  const Function f = make(2.0);
  BOOST_TEST((f == make(2.0)));
  BOOST_TEST(!(f == make(3.0)));
  BOOST_TEST(!(f == f.with(Vector{{2.0}})));
  BOOST_TEST((f == f.with(Vector{{1.0}})));
  const Matrix copy = data;
  BOOST_TEST(!(f == f.with_columns(Columns(copy))));
  BOOST_TEST((f == f.with_columns(Columns(copy)).with_columns(Columns(data))));
  BOOST_TEST((f.gradient() == make(2.0).gradient()));
  BOOST_TEST(!(f == f.gradient()));
  BOOST_TEST(!(branching() == f));
  const auto loop = [](Index steps) {
    return record(1, [&](ExprSpan x) { return iterate(steps, x[0], [](const Expr& c) { return sin(c); }); });
  };
  BOOST_TEST((loop(5) == loop(5)));
  BOOST_TEST(!(loop(5) == loop(6)));
}

BOOST_AUTO_TEST_CASE(statistics_count) {
  const Matrix data = Matrix::Random(5, 2);
  const Function f = record(2, [&](ExprSpan x) {
    return sin(x[0]) * x[1] + argument(1.0) + sum_over_rows(Columns(data), [&](Row r) { return sin(r[0] * x[1]); });
  });
  const FunctionStatistics s = f.statistics();
  BOOST_TEST(s.nodes == f.graph().size());
  BOOST_TEST(s.parameters == 2);
  BOOST_TEST(s.arguments == 1);
  BOOST_TEST(s.columns == 2);
  BOOST_TEST(s.guards == 0);
  BOOST_TEST(s.operations.at("sin") == 2);
  BOOST_TEST(s.operations.at("*") == 2);
  BOOST_TEST(s.bytes >= 20 * s.nodes);
  Index total = 0;
  for (const auto& [name, count] : s.operations) total += count;
  BOOST_TEST(total == s.nodes);
  const Function g = branching();
  check_refused([&] { g.statistics(); }, {"statistics"});
  g.value(Vector{{0.0, 1.0}});
  g.value(Vector{{1.0, 0.0}});
  g.value(Vector{{2.0, 0.0}});
  BOOST_TEST(g.statistics().guards == 1);
  BOOST_TEST(g.statistics().branches.recordings == 2);
  BOOST_TEST(g.statistics().branches.calls == 3);
  std::ostringstream text;
  text << g.statistics();
  BOOST_TEST((text.str().find("guards: 1, recordings: 2 made in 3 calls, 2 kept") != std::string::npos), text.str());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
