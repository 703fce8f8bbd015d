#include "row_code.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>

namespace rappel::detail {
namespace {

// List scheduling: of the next few values in the written order the one whose operands are there first; of several, the
// one that most waits for.
class Spreading {
 public:
  Spreading(const RowCode& code, int num_vectors) : code_(code), num_vectors_(num_vectors), issue_(0.5 * num_vectors), size_(static_cast<ValueId>(code.values.size())) {
    waits_for_.resize(size_);
    place_overwritten();
    find_rest();
  }

  // The order written, but that what is added to a value comes as soon as it is there.
  RowCode run_early() {
    start();
    std::vector<ValueId> order(size_), key(size_, 0);
    std::vector<bool> begins(size_, false);  // a product that others are added to
    for (ValueId n = 0; n < size_; ++n)
      if (const MicroInstruction& i = code_.values[n]; i.op == MicroOp::fma || i.op == MicroOp::negated_fma)
        begins[i.c] = code_.values[i.c].op == MicroOp::mul;
    for (ValueId n = 0; n < size_; ++n) {
      order[n] = n;
      if (is_source(code_.values[n].op)) continue;
      const MicroOp op = code_.values[n].op;
      const bool adds = op == MicroOp::fma || op == MicroOp::negated_fma || op == MicroOp::add || op == MicroOp::sub;
      if (!adds && !begins[n]) key[n] = n;
      for_each_operand(code_, n, [&](ValueId x) { key[n] = std::max(key[n], key[x]); });
      for (const ValueId x : waits_for_[n]) key[n] = std::max(key[n], key[x]);
    }
    std::ranges::stable_sort(order, {}, [&](ValueId n) { return key[n]; });
    for (const ValueId n : order)
      if (live_[n] && !is_source(code_.values[n].op)) append(n);
    finish();
    return std::move(to_);
  }

  RowCode run() {
    start();
    std::vector<ValueId> pending;
    ValueId next = 0;
    for (double now = 0.0;;) {
      for (; next < size_ && pending.size() < window; ++next)
        if (live_[next] && !is_source(code_.values[next].op)) pending.push_back(next);
      if (pending.empty()) break;
      const std::size_t best = choose(pending, now);
      const ValueId n = pending[best];
      pending.erase(pending.begin() + static_cast<std::ptrdiff_t>(best));
      now = std::max(now + issue_, start_of(n));
      ready_[n] = now + latency;
      append(n);
    }
    finish();
    return std::move(to_);
  }

 private:
  static constexpr std::size_t window = 40;
  static constexpr double latency = 4.0, never = std::numeric_limits<double>::infinity();

  void start() {
    to_.constants = code_.constants;
    to_.eights = code_.eights;
    to_.num_vectors = num_vectors_;
    to_.sums = code_.sums;
    map_.assign(size_, no_value);
    ready_.assign(size_, 0.0);
    done_.assign(size_, false);
  }

  // A result takes the place of what stood there: those that read that come first.
  void place_overwritten() {
    live_.assign(size_, false);
    for (const MicroResult& r : code_.results) live_[r.value] = live_[r.value] || r.is_read;
    for (ValueId n = 0; n < size_; ++n)
      if (is_sum(code_.values[n].op)) live_[n] = true;
    for (ValueId n = size_; n-- > 0;)
      if (live_[n]) for_each_operand(code_, n, [&](ValueId x) { live_[x] = true; });
    std::vector<std::vector<ValueId>> users(size_);
    for (ValueId n = 0; n < size_; ++n)
      if (live_[n]) for_each_operand(code_, n, [&](ValueId x) { users[x].push_back(n); });
    std::unordered_map<std::uint32_t, ValueId> stands;  // by pointer
    for (ValueId n = 0; n < size_; ++n)
      if (code_.values[n].op == MicroOp::load) stands.try_emplace(code_.values[n].a, n);
    for (const MicroResult& r : code_.results) {
      if (const auto before = stands.find(r.pointer); before != stands.end()) {
        for (const ValueId user : users[before->second])
          if (user != r.value) waits_for_[r.value].push_back(user);
        if (!is_source(code_.values[before->second].op)) waits_for_[r.value].push_back(before->second);
        if (!live_[r.value]) continue;  // what stands there goes on to
      }
      stands[r.pointer] = r.value;
    }
  }

  // How long what depends on a value takes.
  void find_rest() {
    rest_.assign(size_, 0.0);
    for (ValueId n = size_; n-- > 0;)
      if (live_[n]) for_each_operand(code_, n, [&](ValueId x) { rest_[x] = std::max(rest_[x], rest_[n] + latency); });
  }

  double start_of(ValueId n) const {
    double start = 0.0;
    for_each_operand(code_, n, [&](ValueId x) {
      if (!is_source(code_.values[x].op)) start = std::max(start, done_[x] ? ready_[x] : never);
    });
    for (const ValueId x : waits_for_[n])
      if (live_[x] && !done_[x]) return never;
    return start;
  }

  std::size_t choose(const std::vector<ValueId>& pending, double now) const {
    std::size_t best = 0;
    double best_start = never;
    for (std::size_t i = 0; i < pending.size(); ++i) {
      const double start = std::max(start_of(pending[i]), now + issue_);
      if (start < best_start || (start == best_start && start < never && rest_[pending[i]] > rest_[pending[best]]))
        best = i, best_start = start;
    }
    return best;
  }

  void append(ValueId n) {
    const auto place = [&](ValueId x) {
      if (map_[x] != no_value) return;
      to_.values.push_back(code_.values[x]);
      map_[x] = static_cast<ValueId>(to_.values.size() - 1);
    };
    for_each_operand(code_, n, place);
    done_[n] = true;
    MicroInstruction i = code_.values[n];
    if (i.op != MicroOp::select) i.a = map_[i.a];
    if (!has_one_operand(i.op)) i.b = map_[i.b];
    if (i.op == MicroOp::fma || i.op == MicroOp::negated_fma || i.op == MicroOp::select || i.op == MicroOp::pick) i.c = map_[i.c];
    to_.values.push_back(i);
    map_[n] = static_cast<ValueId>(to_.values.size() - 1);
  }

  void finish() {
    to_.masks = code_.masks;
    const auto mapped = [&](ValueId n) { return n != no_value ? map_[n] : no_value; };  // of what nothing reads: no_value
    for (MicroMask& m : to_.masks) m.a = mapped(m.a), m.b = mapped(m.b);
    for (const MicroResult& r : code_.results)
      if (live_[r.value]) to_.results.push_back({map_[r.value], r.pointer, r.is_read, r.first_row});
  }

  const RowCode& code_;
  int num_vectors_;
  double issue_;  // cycles between two values: two instructions start in each
  ValueId size_;
  std::vector<std::vector<ValueId>> waits_for_;  // beside the operands
  std::vector<bool> live_, done_;
  std::vector<double> rest_, ready_;
  std::vector<ValueId> map_;
  RowCode to_;
};

}  // namespace

RowCode with_early_additions(const RowCode& code) { return Spreading(code, 1).run_early(); }

RowCode spread_out(const RowCode& code, int num_vectors) { return Spreading(code, num_vectors).run(); }

}  // namespace rappel::detail
