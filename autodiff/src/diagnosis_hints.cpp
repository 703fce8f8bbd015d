#include "diagnosis_hints.hpp"

#include <cmath>
#include <span>
#include <vector>

namespace rappel::detail {
namespace {

class Hints {
 public:
  Hints(const Graph& graph, NodeId n, double result, const std::function<double(NodeId)>& value_of)
      : graph_(graph), n_(n), result_(result), value_of_(value_of) {
    const auto size = static_cast<NodeId>(graph.size());
    first_user_.assign(size + 2, 0);
    for (NodeId k = 0; k < size; ++k)
      for (const NodeId x : graph.operands(k)) ++first_user_[x + 2];
    for (NodeId k = 2; k < size + 2; ++k) first_user_[k] += first_user_[k - 1];
    users_.resize(first_user_[size + 1]);
    for (NodeId k = 0; k < size; ++k)
      for (const NodeId x : graph.operands(k)) users_[first_user_[x + 1]++] = k;
  }

  std::string find() const {
    switch (op(n_)) {
      case Op::exp:
        return of_exp();
      case Op::log:
        return of_log();
      case Op::square:
      case Op::mul:
        return user_through_sums(n_, Op::sqrt) != no_node ? "norm(..) and hypot(..) do not overflow" : "";
      case Op::sqrt:
        return std::isnan(result_) ? "the square root of a negative number; a variance may be rounded below 0"
                                   : "";
      case Op::div:
        return of_div();
      case Op::power:
        return of_power();
      case Op::acosh:
      case Op::asin:
      case Op::acos:
      case Op::atanh:
        return "the operand is out of the domain";
      case Op::custom:
        return of_custom();
      case Op::sum_rows:
      case Op::sum_products:
        return std::isinf(result_) ? "the rows are finite, their sum overflows: scale the data or take the "
                                     "mean of smaller terms"
                                   : "";
      default:
        return "";
    }
  }

 private:
  std::string of_custom() const {
    const std::string name = name_of(graph_, n_);
    if (name == "root" || name == "argmin")
      return "Newton's method did not converge from its start, or the Jacobian is singular there; try another start";
    if (name == "cholesky") return "the matrix is not positive definite; add a small multiple of the identity";
    if (name == "solve" || name == "inverse" || name == "solve_lower" || name == "solve_upper")
      return "the matrix is singular";
    return "";
  }

  Op op(NodeId n) const { return graph_.op(n); }
  NodeId operand(NodeId n, std::size_t i) const { return graph_.operands(n)[i]; }
  bool is(NodeId n, double constant) const { return graph_.is_constant(n) && graph_.value(n) == constant; }

  std::span<const NodeId> users(NodeId n) const {
    return {users_.data() + first_user_[n], users_.data() + first_user_[n + 1]};
  }
  NodeId user(NodeId n, Op wanted) const {
    for (const NodeId k : users(n))
      if (op(k) == wanted) return k;
    return no_node;
  }
  // A user of n, or of a sum (of a sum ..) that n is a term of.
  NodeId user_through_sums(NodeId n, Op wanted) const {
    std::vector<NodeId> sums = {n};
    std::vector<bool> seen(first_user_.size(), false);
    for (std::size_t i = 0; i < sums.size(); ++i)
      for (const NodeId k : users(sums[i])) {
        if (op(k) == wanted) return k;
        if (seen[k] || (op(k) != Op::add && op(k) != Op::sum && op(k) != Op::dot)) continue;
        seen[k] = true;
        sums.push_back(k);
      }
    return no_node;
  }
  bool adds_one(NodeId n) const {
    return op(n) == Op::add && (is(operand(n, 0), 1.0) || is(operand(n, 1), 1.0));
  }

  std::string of_exp() const {
    if (!std::isinf(result_)) return "";
    for (const NodeId k : users(n_)) {
      if (adds_one(k) && user(k, Op::log) != no_node) return "log(1 + exp(x)) is softplus(x)";
      if (adds_one(k) && user(k, Op::div) != no_node) return "1 / (1 + exp(-x)) is sigmoid(x)";
      if (op(k) == Op::log1p) return "log1p(exp(x)) is softplus(x)";
    }
    if (user_through_sums(n_, Op::log) != no_node)
      return "log(exp(x) + exp(y) + ..) is logsumexp({x, y, ..})";
    if (user_through_sums(n_, Op::div) != no_node)
      return "exp(x_i) / (exp(x_1) + exp(x_2) + ..) is softmax({x_1, x_2, ..})";
    return "exp overflows from 709.8 on: work with its logarithm";
  }

  std::string of_log() const {
    const NodeId x = operand(n_, 0);
    if (op(x) == Op::sigmoid) return "log(sigmoid(x)) is log_sigmoid(x)";
    if (op(x) == Op::erfc) return "log(erfc(x)) is log_erfc(x)";
    if (op(x) == Op::normal_cdf) return "log(normal_cdf(x)) is normal_log_cdf(x)";
    if (op(x) == Op::result || op(x) == Op::softmax) return "log(softmax) is x - logsumexp({..})";
    if (op(x) == Op::exp) return "log(exp(x)) is x";
    if (op(x) == Op::sub && is(operand(x, 0), 1.0)) {
      if (op(operand(x, 1)) == Op::exp) return "log(1 - exp(x)) is log1mexp(x)";
      if (op(operand(x, 1)) == Op::sigmoid) return "log(1 - sigmoid(x)) is log_sigmoid(-x)";
    }
    if (op(x) == Op::sub && op(operand(x, 0)) == Op::exp && op(operand(x, 1)) == Op::exp)
      return "log(exp(x) - exp(y)) is log_diff_exp(x, y)";
    if (op(x) == Op::add && user_of_exps(x)) return "log(exp(x) + exp(y) + ..) is logsumexp({x, y, ..})";
    if (value_of_(x) == 0.0) {
      for (const NodeId k : users(n_))
        if (op(k) == Op::mul) return "x * log(y) is xlogy(x, y), 0 at x = 0";
      return "the logarithm of 0";
    }
    return value_of_(x) < 0.0 ? "the logarithm of a negative number" : "";
  }
  bool user_of_exps(NodeId sum) const {
    return op(operand(sum, 0)) == Op::exp || op(operand(sum, 1)) == Op::exp;
  }

  std::string of_div() const {
    const NodeId x = operand(n_, 0), y = operand(n_, 1);
    if (value_of_(y) != 0.0) return "";
    if (op(x) == Op::sin && operand(x, 0) == y) return "sin(x) / x is sinc(x)";
    if (op(y) == Op::sqrt || (op(x) == Op::constant && graph_.value(x) == 0.5))
      return "sqrt has an infinite slope at 0: norm(..) and hypot(..) have the slope 0 there";
    if (op(y) == Op::norm) return "a vector of length 0 has no direction";
    return "divides by 0: select(y == 0.0, .., x / y) gives it a value";
  }

  std::string of_power() const {
    const double x = value_of_(operand(n_, 0)), y = value_of_(operand(n_, 1));
    if (x < 0.0 && y != std::floor(y)) return "a negative number to a power that is no integer";
    if (x == 0.0) return "pow has an infinite slope at 0 for exponents below 1";
    return "";
  }

  const Graph& graph_;
  NodeId n_;
  double result_;
  const std::function<double(NodeId)>& value_of_;
  std::vector<std::size_t> first_user_;  // of node n: users_[first_user_[n]] to users_[first_user_[n + 1]]
  std::vector<NodeId> users_;
};

}  // namespace

std::string hint_for(const Graph& graph, NodeId n, double result,
                     const std::function<double(NodeId)>& value_of) {
  return Hints(graph, n, result, value_of).find();
}

}  // namespace rappel::detail
