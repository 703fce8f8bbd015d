#include "colouring.hpp"

#ifdef RAPPEL_HAS_COLPACK
#include <ColPack/ColPackHeaders.h>
#endif

#include <algorithm>
#include <numeric>

namespace rappel::detail {

Adjacency transposed(const Adjacency& by_row, Index num_columns) {
  Adjacency by_column(static_cast<std::size_t>(num_columns));
  for (std::size_t r = 0; r < by_row.size(); ++r)
    for (const int c : by_row[r]) by_column[static_cast<std::size_t>(c)].push_back(static_cast<int>(r));
  return by_column;
}

#ifdef RAPPEL_HAS_COLPACK
namespace {

// The rows as ColPack takes them: the number of entries, then these.
class CompressedRows {
 public:
  explicit CompressedRows(const Adjacency& by_row) {
    for (const std::vector<int>& row : by_row) {
      std::vector<unsigned> counted{static_cast<unsigned>(row.size())};
      counted.insert(counted.end(), row.begin(), row.end());
      rows_.push_back(std::move(counted));
    }
    for (std::vector<unsigned>& row : rows_) pointers_.push_back(row.data());
  }
  unsigned** rows() { return pointers_.data(); }
  int count() const { return static_cast<int>(rows_.size()); }

 private:
  std::vector<std::vector<unsigned>> rows_;
  std::vector<unsigned*> pointers_;
};

Colouring counted(std::vector<int> colours) {
  const int count = colours.empty() ? 0 : *std::ranges::max_element(colours) + 1;
  return {std::move(colours), count};
}

}  // namespace

const char* colouring_method() { return "ColPack"; }

Colouring colour_rows(const Adjacency& by_row, const Adjacency& by_column) {
  if (by_row.empty() || by_column.empty()) return {std::vector<int>(by_row.size(), 0), by_row.empty() ? 0 : 1};
  CompressedRows compressed(by_row);
  ColPack::BipartiteGraphPartialColoringInterface graph(SRC_MEM_ADOLC, compressed.rows(), compressed.count(),
                                                        static_cast<int>(by_column.size()));
  // Not by PartialDistanceTwoColoring, whose threads race for colours: their number would depend on luck.
  graph.RowSmallestLastOrdering_serial();
  graph.PartialDistanceTwoRowColoring_serial();
  std::vector<int> colours;
  graph.GetLeftVertexColors(colours);
  return counted(std::move(colours));
}

Colouring colour_symmetric(const Adjacency& by_row) {
  if (by_row.empty()) return {};
  CompressedRows compressed(by_row);
  ColPack::GraphColoringInterface graph(SRC_MEM_ADOLC, compressed.rows(), compressed.count());
  graph.SmallestLastOrdering_serial();
  graph.StarColoring_serial();
  std::vector<int> colours;
  graph.GetVertexColors(colours);
  return counted(std::move(colours));
}

#else
namespace {

// Those with the most neighbours first; of equals the first.
std::vector<int> largest_first(const Adjacency& neighbours) {
  std::vector<int> order(neighbours.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater<>(),
                           [&](int v) { return neighbours[static_cast<std::size_t>(v)].size(); });
  return order;
}

// Takes for a vertex the first colour that was not forbidden to it.
class FirstAllowed {
 public:
  explicit FirstAllowed(std::size_t size) : colours_(size, -1), forbidden_(size + 1, -1) {}
  int operator[](int v) const { return colours_[static_cast<std::size_t>(v)]; }
  bool forbidden(int colour, int v) const { return forbidden_[static_cast<std::size_t>(colour)] == v; }
  void forbid(int colour, int v) {
    if (colour >= 0) forbidden_[static_cast<std::size_t>(colour)] = v;
  }
  void take(int v) {
    int colour = 0;
    while (forbidden_[static_cast<std::size_t>(colour)] == v) ++colour;
    colours_[static_cast<std::size_t>(v)] = colour;
    count_ = std::max(count_, colour + 1);
  }
  Colouring result() && { return {std::move(colours_), count_}; }

 private:
  std::vector<int> colours_, forbidden_;  // by colour: the vertex that must not take it
  int count_ = 0;
};

}  // namespace

const char* colouring_method() { return "greedy"; }

Colouring colour_rows(const Adjacency& by_row, const Adjacency& by_column) {
  FirstAllowed colours(by_row.size());
  for (const int v : largest_first(by_row)) {
    for (const int c : by_row[static_cast<std::size_t>(v)])
      for (const int other : by_column[static_cast<std::size_t>(c)]) colours.forbid(colours[other], v);
    colours.take(v);
  }
  return std::move(colours).result();
}

Colouring colour_symmetric(const Adjacency& by_row) {
  FirstAllowed colours(by_row.size());
  const auto neighbours = [&](int v) -> const std::vector<int>& { return by_row[static_cast<std::size_t>(v)]; };
  for (const int v : largest_first(by_row)) {
    for (const int w : neighbours(v))
      if (w != v) colours.forbid(colours[w], v);
    for (const int w : neighbours(v)) {
      if (w == v) continue;
      for (const int x : neighbours(w)) {
        if (x == w || x == v || colours[x] < 0 || colours.forbidden(colours[x], v)) continue;
        // v - w - x: of one colour at the ends, they would be told apart by w's own colour alone.
        const bool alone = colours[w] >= 0 && std::ranges::none_of(neighbours(x), [&](int y) {
          return y != w && y != x && colours[y] == colours[w];
        });
        if (!alone) colours.forbid(colours[x], v);
      }
    }
    colours.take(v);
  }
  return std::move(colours).result();
}

#endif

}  // namespace rappel::detail
