#pragma once

// For the files that state references.

#include "series.hpp"
#include "subject.hpp"

#define RAPPEL_REFERENCE(...)                          \
  reference<1>([](const auto& x) {                     \
    using N [[maybe_unused]] = number_of<decltype(x)>; \
    __VA_ARGS__                                        \
  })
#define RAPPEL_REFERENCE_2(...)                        \
  reference<2>([](const auto& x, const auto& y) {      \
    using N [[maybe_unused]] = number_of<decltype(x)>; \
    __VA_ARGS__                                        \
  })
#define RAPPEL_REFERENCE_3(...)                                  \
  reference<3>([](const auto& x, const auto& y, const auto& z) { \
    using N [[maybe_unused]] = number_of<decltype(x)>;           \
    __VA_ARGS__                                                  \
  })
