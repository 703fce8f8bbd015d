#include "accuracy/measure.hpp"
#include <cstdio>
#include <cstdlib>
#include <string>
#include <chrono>
using namespace rappel::accuracy;
int main(int argc, char** argv) {
  MeasureOptions o;
  o.points = argc > 1 ? std::stoul(argv[1]) : 2000;
  if (argc > 3) o.seed = std::stoul(argv[3]);
  std::string only = argc > 2 ? argv[2] : "";
  for (const Subject& s : subjects()) {
    if (!only.empty() && s.name != only) continue;
    if (!s.record) { std::printf("%-14s not in the library\n", s.name.c_str()); continue; }
    auto t0 = std::chrono::steady_clock::now();
    const Measurement m = measure(s, o);
    double t = std::chrono::duration<double>(std::chrono::steady_clock::now() - t0).count();
    std::printf("%-14s %s %.2fs noref %zu", s.name.c_str(), m.holds() ? "ok" : "EXCEEDED", t, m.without_reference);
    for (int k = 0; k < 3; ++k) if (const Cell* c = m.worst(k)) {
      std::printf(" | %.3g/%g", c->worst.ulp, m.bound(k));
      if (c->worst.ulp > m.bound(k)) { std::printf(" [%s %s %s at", c->path.c_str(), name_of(c->region), name_of_output(c->worst.output, c->worst.x.size()).c_str());
        for (double x : c->worst.x) std::printf(" %.17g", x);
        std::printf(" got %.17g exact %s]", c->worst.computed, c->worst.exact.c_str()); }
    }
    std::printf("\n"); std::fflush(stdout);
  }
}
