#pragma once

// A second file of the same program: one definition of each inline function must serve both.

#include <rappel/core.hpp>
#include <rappel/optim.hpp>

struct Bowl {
  rappel::Index dimension() const { return 3; }
  double value_and_gradient(const rappel::Vector& x, rappel::Vector& gradient) const {
    gradient = x;
    return x.squaredNorm() / 2.0;
  }
};

Bowl second_objective();
rappel::Vector second_prediction(const rappel::Matrix& X, const rappel::Vector& w);
