#pragma once

// Minimises any Objective, by methods composed of small parts.

#include "rappel/optim/check_gradient.hpp"
#include "rappel/optim/direction.hpp"
#include "rappel/optim/gradient_descent.hpp"
#include "rappel/optim/lbfgs.hpp"
#include "rappel/optim/line_search.hpp"
#include "rappel/optim/method.hpp"
#include "rappel/optim/minimize.hpp"
#include "rappel/optim/objective.hpp"
#include "rappel/optim/outcome.hpp"
#include "rappel/optim/result.hpp"
#include "rappel/optim/schedule.hpp"
#include "rappel/optim/stopping.hpp"
