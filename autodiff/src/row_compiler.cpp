#include "row_compiler.hpp"

#if defined(RAPPEL_HAS_XBYAK) && defined(__x86_64__)

#include "aligned_buffer.hpp"
#include "row_routine.hpp"

#include <deque>

namespace rappel::detail {
namespace {

RowCode arranged(const RowCode& written) {
  const RowCode early = with_early_additions(written);
  const Waiting first = most_waiting(written, Uses(written)), then = most_waiting(early, Uses(early));
  const bool holds_less = 2 * (then.in_registers + then.in_memory) < first.in_registers + first.in_memory ||
                          4 * then.late_reads < 3 * first.late_reads;
  const RowCode& code = holds_less ? early : written;
  const Uses uses(code);
  for (const int vectors : {4, 2}) {
    const auto count = static_cast<std::size_t>(vectors);
    if (!fit_side_by_side(code, uses, count)) continue;
    RowCode spread = spread_out(code, vectors);
    if (stay_side_by_side(spread, count)) return spread;
  }
  return spread_out(code, 1);
}

class MachineCode final : public RowMachineCode {
 public:
  MachineCode(const Body& body, const KernelTable& kernels, std::size_t table_bytes, const std::vector<bool>& floats) : to_(1 << 16, Xbyak::AutoGrow) {
    struct Made {
      std::size_t first, last;
      RowCode code;
    };
    std::vector<Made> made;
    std::size_t num_instructions = 0;
    const Runs steps_compiled = runs_of(body);
    for (const auto& [first, last] : steps_compiled) {
      made.push_back({first, last, arranged(row_code(body, first, last))});
      const RowCode& code = made.back().code;
      num_instructions += code.values.size() * static_cast<std::size_t>(code.num_vectors);
      if (num_instructions > most_compiled) return;
    }
    const std::vector<bool> alone = columns_for_code_alone(body, steps_compiled);
    reads_only_rows = std::ranges::find(alone, false) == alone.end();
    const FetchAhead ahead = fetch_ahead(body, table_bytes, made.empty() ? 0 : made[0].last - made[0].first);
    std::vector<std::size_t> entry;
    for (const Made& m : made) {
      to_.align(64);
      entry.push_back(to_.getSize());
      RunRoutine(to_, body, m.code, ahead, floats, kernels.sum_of_logs).write(pool_of(m.code));
    }
    if (made.empty()) return;
    to_.readyRE();
    for (std::size_t i = 0; i < made.size(); ++i)
      runs.push_back({made[i].first, made[i].last, reinterpret_cast<BodyKernel>(reinterpret_cast<std::uintptr_t>(to_.getCode() + entry[i]))});
  }

  using Runs = std::vector<std::pair<std::size_t, std::size_t>>;

  // By column, where these runs are compiled.
  static std::vector<bool> columns_for_code_alone(const Body& body, const Runs& compiled) {
    std::vector<bool> alone(body.columns.size(), true);
    const auto read_by_kernels = [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i) take_away_columns(body, body.steps[i], alone);
    };
    std::size_t next = 0;
    for (const auto& [first, last] : compiled) {
      read_by_kernels(next, first);
      next = last;
    }
    read_by_kernels(next, body.steps.size());
    return alone;
  }

  // A long dot over columns is a loop that the kernels have; a run ends somewhere, so that scheduling it stays cheap.
  static Runs runs_of(const Body& body) {
    constexpr std::uint32_t most_operands = 4096, long_dot = 96, most_sums = most_sums_in_registers, most_sums_in_memory = 192;
    Runs runs;
    std::size_t first = 0;
    std::uint32_t operands = 0, sums = 0;
    const auto finish = [&](std::size_t last) {
      if (last >= first + 2) runs.emplace_back(first, last);
      first = last;
      operands = sums = 0;
    };
    for (std::size_t i = 0; i < body.steps.size(); ++i) {
      const BodyStep& step = body.steps[i];
      const bool in_code = has_row_code(step) && !(step.kind == StepKind::dot_uniform && step.count >= long_dot);
      const std::uint32_t added = in_code ? num_sums(body, step) : 0;
      const bool in_memory = added > most_sums && sums + added <= most_sums_in_memory && !fills_tiles(body, step) &&
                             reads_mostly(body, step, first, i);
      if (!in_code || (added > most_sums && !in_memory)) {
        finish(i);
        first = i + 1;
        continue;
      }
      if (operands > most_operands || (sums + added > most_sums && !in_memory)) finish(i);
      operands += step.count;
      sums += added;
    }
    finish(body.steps.size());
    return runs;
  }

 private:
  // Where one run is nearly all that is done with a leaf, columns come as fast as it goes through its rows. From the third-level cache:
  // as far ahead as a part of the first holds (of 20 columns, 128 rows ahead take 1.4 times as long as 64, of 11 a tenth longer). From
  // memory: into the second, since more such reads can be under way, and as far as a part of that holds (0.7 of the time of 400,000 rows
  // of 10, 0.9 of 1,000,000 of 20; 1.2 of the time of 100,000 of 10, which the third holds). Of several runs one may do little but
  // read its columns, while others leave time to fetch those of the next leaf.
  static FetchAhead fetch_ahead(const Body& body, std::size_t table_bytes, std::size_t num_steps_of_first) {
    constexpr std::size_t second_level = std::size_t{1} << 20, part_of_third = std::size_t{16} << 20;
    if (table_bytes <= second_level) return {};
    const bool into_first = table_bytes <= part_of_third;
    if (2 * num_steps_of_first <= body.steps.size()) return {static_cast<int>(body.leaf_rows), into_first};
    const std::size_t part = into_first ? 8 * 1024 : 128 * 1024;
    std::size_t rows = into_first ? 128 : 512;
    while (rows > 64 && body.columns.size() * rows * row_bytes > part) rows /= 2;
    return {static_cast<int>(rows), into_first};
  }

  const double* pool_of(const RowCode& code) {
    double* const numbers = pools_.emplace_back().reserve(place_of_eight(code, code.eights.size()));
    numbers[pool_sign] = -0.0;
    numbers[pool_size] = std::bit_cast<double>(~std::uint64_t{0} >> 1);
    for (std::size_t k = 0; k < code.constants.size(); ++k)
      std::fill_n(numbers + place_in_pool(code, k), spreads_constants(code) ? vector_rows : 1, code.constants[k]);
    for (std::size_t k = 0; k < code.eights.size(); ++k) std::ranges::copy(code.eights[k], numbers + place_of_eight(code, k));
    return numbers;
  }

  // Those that a step may read.
  static void take_away_columns(const Body& body, const BodyStep& step, std::vector<bool>& list) {
    if (is_body_call(step.op) || step.kind == StepKind::chosen_sums) return list.assign(list.size(), false);  // operands stand elsewhere
    for (std::uint32_t k = 0; k < step.count; ++k)
      if (const std::uint32_t x = (body.operands[step.first + k] & ~uniform_bit) - static_cast<std::uint32_t>(body.uniforms.size()); x < list.size())
        list[x] = false;
  }

  // Whether most operands of a step are results of the steps first .. last - 1.
  static bool reads_mostly(const Body& body, const BodyStep& step, std::size_t first, std::size_t last) {
    std::vector<bool> is_result(body.num_pointers(), false);
    for (std::size_t i = first; i < last; ++i)
      for (std::uint32_t k = 0; k < body.steps[i].num_results; ++k)
        is_result[body.operands[body.steps[i].first + body.steps[i].count + k]] = true;
    std::uint32_t count = 0;
    for (std::uint32_t k = 0; k < step.count; ++k) {
      const std::uint32_t x = body.operands[step.first + k];
      count += (x & uniform_bit) == 0 && is_result[x];
    }
    return 2 * count > step.count;
  }

  Xbyak::CodeGenerator to_;
  std::deque<AlignedBuffer> pools_;  // of each run; the code knows where they stand
};

}  // namespace

std::unique_ptr<RowMachineCode> compile_rows(const Body& body, const KernelTable& kernels, std::size_t table_bytes,
                                             const std::vector<bool>& floats) {
  if (kernels.instruction_set != InstructionSet::avx512) return nullptr;
  try {
    auto code = std::make_unique<MachineCode>(body, kernels, table_bytes, floats);
    if (code->runs.empty()) return nullptr;
    return code;
  } catch (const Xbyak::Error&) {  // no memory that may be executed
    return nullptr;
  }
}

std::vector<bool> for_code_alone(const Body& body, const KernelTable& kernels) {
  if (kernels.instruction_set != InstructionSet::avx512) return {};
  return MachineCode::columns_for_code_alone(body, MachineCode::runs_of(body));
}

}  // namespace rappel::detail
#else
namespace rappel::detail {
std::unique_ptr<RowMachineCode> compile_rows(const Body&, const KernelTable&, std::size_t, const std::vector<bool>&) { return nullptr; }
std::vector<bool> for_code_alone(const Body&, const KernelTable&) { return {}; }
}  // namespace rappel::detail
#endif
