#pragma once

// Tables, models and their fit: everything of rappel::models.

#include <rappel/models/design.hpp>
#include <rappel/models/fit.hpp>
#include <rappel/models/linear_regression.hpp>
#include <rappel/models/logistic_regression.hpp>
#include <rappel/models/model_file.hpp>
#include <rappel/models/read_csv.hpp>
#include <rappel/models/table.hpp>
